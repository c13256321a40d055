"""Public calendar files. They hold what the event's page tells, never the venue's address or the join link."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from django.conf import settings
from icalendar import Calendar, vText
from icalendar import Event as Entry

from events import times, words
from events.models import Event, Session
from ranportal.shared import links, markdown
from ranportal.shared.controls import without_controls

PRODUCT = "-//RAN events//Events//EN"
_DAY = timedelta(days=1)


def calendar(events: Iterable[Event], *, name: str) -> bytes:
    """Return an iCalendar file (RFC 5545) with an entry for each session; days without hours in a row are one entry.

    Times are in UTC, whole days are dates. An entry keeps its UID when its event changes; SEQUENCE grows with the
    event's revision.
    """
    file = Calendar()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    # No property of the standard: without a type its line breaks would end the line.
    file.add("x-wr-calname", vText(without_controls(name)))
    for event in events:
        for entry in _entries(event):
            file.add_component(entry)
    return file.to_ical()


def _entries(event: Event) -> Iterator[Entry]:
    for number, (start, end) in enumerate(_stretches(event), start=1):
        entry = Entry()
        entry.add("uid", f"event-{event.pk}-{number}@{settings.MAIL_DOMAIN}")
        entry.add("sequence", event.revision - 1 + event.is_cancelled)
        entry.add("dtstamp", event.changed_at.astimezone(UTC))
        entry.add("summary", without_controls(event.title))
        entry.add("dtstart", start)
        entry.add("dtend", end)
        entry.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
        entry.add("location", without_controls(words.place_words(event)))
        entry.add("description", without_controls(_description(event)))
        entry.add("url", links.absolute(event.get_absolute_url()))
        entry.add("class", vText("PUBLIC"))
        entry.add("transp", "OPAQUE" if isinstance(start, datetime) else "TRANSPARENT")
        yield entry


def _description(event: Event) -> str:
    return "\n\n".join(filter(None, [markdown.plain(event.summary), links.absolute(event.get_absolute_url())]))


def _stretches(event: Event) -> Iterator[tuple[date | datetime, date | datetime]]:
    """Start and exclusive end of each entry: instants in UTC, or dates."""
    sessions = list(event.sessions.all())
    for session in sessions:
        if not session.is_whole_day:
            yield session.starts_at.astimezone(UTC), session.ends_at.astimezone(UTC)
    for days in _runs(event, [session for session in sessions if session.is_whole_day]):
        yield days[0], days[-1] + _DAY


def _runs(event: Event, sessions: Iterable[Session]) -> Iterator[list[date]]:
    """Days that follow each other, together."""
    days = sorted({day for session in sessions for day in times.days_of(session, event.zone)})
    breaks = [number for number, (day, after) in enumerate(pairwise(days), start=1) if after - day != _DAY]
    for first, last in pairwise([0, *breaks, len(days)]):
        if days:
            yield days[first:last]
