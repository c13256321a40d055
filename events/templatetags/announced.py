"""What the public pages need to show events, announcements and publications. `{% load announced %}`, then:

{{ text|markdown }}  {{ text|markdown:3 }}     staff's Markdown as safe HTML; its highest heading becomes h2, or h3
{% event_item event now level=3 %}             an event in a list; fetch its call, sessions and working groups along
{% announcement_item announcement %}  an announcement in a list
{% publication_item publication %}    a publication in a list
{% status_of event now as status %}            status.label, status.kind, status.sentence
{% deadline_of event now as deadline %}        deadline.words, deadline.elsewhere; nothing when none is ahead
{{ event|place }}  {{ event|days }}  {{ event|session_lines }}  {{ code|language }}
{{ moment|long_date }}  {{ text|reading_time }}  {{ text|summary:160 }}  {{ path|absolute }}
"""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from events import times, words
from events.enums import CallState
from events.models import Announcement, Event, Publication
from events.policies import call_state, has_ended
from ranportal.ecl.templatetags import ecl
from ranportal.shared import links
from ranportal.shared import markdown as markdown_texts

register = template.Library()

LIST_ITEM = "ecl/components/list_item.html"
WORDS_A_MINUTE = 200
_ITEM_TEXT = 220


@register.filter
def markdown(text: str, top: int = 2) -> SafeString:
    """Staff's Markdown as safe HTML."""
    return markdown_texts.render(text, top=top)


@register.filter
def summary(text: str, limit: int = _ITEM_TEXT) -> str:
    """The start of a Markdown text, without markup."""
    return markdown_texts.first_words(text, limit)


@register.filter
def reading_time(text: str) -> str:
    """Return "Reading time: 2 minutes", computed from the text's words; at least one minute."""
    minutes = max(1, -(-len(markdown_texts.plain(text).split()) // WORDS_A_MINUTE))
    return f"Reading time: {minutes} minute{'' if minutes == 1 else 's'}"


@register.filter
def absolute(path: str) -> str:
    """The full address of a path of this site."""
    return links.absolute(path)


@register.filter
def long_date(moment: date | datetime | None) -> str:
    """Return 6 September 2023; of a moment, the day in the site's own zone."""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment).date()
    return times.long_date(moment) if moment else ""


@register.filter
def place(event: Event) -> str:
    """Where the event takes place, as far as it is public."""
    return words.place_words(event)


@register.filter
def days(event: Event) -> str:
    """When the event takes place, on one line."""
    return times.event_when(event)


@register.filter
def session_lines(event: Event) -> list[str]:
    """When the event takes place, a line for each session, with weekdays."""
    return times.session_lines(event.sessions.all(), event.zone)


@register.filter
def language(code: str) -> str:
    """The language's name."""
    return words.language_words(code)


@register.simple_tag
def status_of(event: Event, now: datetime) -> words.StatusWords:
    """How registration for the event stands."""
    return words.status_words(event, words.call_of(event), now)


@register.simple_tag
def deadline_of(event: Event, now: datetime) -> dict[str, str] | None:
    """The deadline in words, and where clocks show another time; None when no deadline is ahead."""
    call = words.call_of(event)
    if call is None or call_state(call, event, now) not in (CallState.NOT_YET_OPEN, CallState.OPEN):
        return None
    return {"words": times.deadline_words(call), "elsewhere": times.elsewhere_words(call)}


@register.inclusion_tag(LIST_ITEM)
def event_item(event: Event, now: datetime, level: int = 3) -> dict[str, Any]:
    """An event in a list: its date, what and where it is, and how registration stands while that matters."""
    sessions = list(event.sessions.all())
    status = words.status_words(event, words.call_of(event), now)
    is_past = has_ended(event, now)
    is_told = event.is_cancelled or (words.call_of(event) is not None and not is_past)
    return ecl.list_item(
        event.title,
        event.get_absolute_url(),
        date=sessions[0].starts_at.astimezone(event.zone) if sessions else None,
        end=times.days_of(sessions[-1], event.zone)[-1] if sessions else None,
        date_status="cancelled" if event.is_cancelled else "past" if is_past else "",
        meta=[event.get_kind_display(), times.event_when(event), words.place_words(event)],
        description=markdown_texts.first_words(event.summary, _ITEM_TEXT),
        status=status.label if is_told else "",
        status_kind=status.kind,
        labels=[group.name for group in event.working_groups.all()],
        level=level,
    )


@register.inclusion_tag(LIST_ITEM)
def announcement_item(announcement: Announcement, level: int = 3, *, is_short: bool = False) -> dict[str, Any]:
    """An announcement in a list."""
    return ecl.list_item(
        announcement.title,
        announcement.get_absolute_url(),
        meta=[announcement.get_kind_display(), long_date(announcement.published_at)],
        description="" if is_short else markdown_texts.first_words(announcement.body, _ITEM_TEXT),
        level=level,
    )


@register.inclusion_tag(LIST_ITEM)
def publication_item(publication: Publication, level: int = 3, *, is_short: bool = False) -> dict[str, Any]:
    """A publication in a list."""
    return ecl.list_item(
        publication.title,
        publication.get_absolute_url(),
        meta=[publication.get_kind_display(), long_date(publication.published_at)],
        description="" if is_short else markdown_texts.first_words(publication.body, _ITEM_TEXT),
        level=level,
    )
