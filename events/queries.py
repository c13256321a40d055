"""What the public may read. Everything shown, listed, fed or counted on the public site starts from `visible_…` here.

Querysets are lazy and ordered; `now` is aware. What shows several rows fetches them in a number of statements that does
not grow with them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models import prefetch_related_objects as fetch_related

from events.enums import Admission, Status
from events.models import Announcement, Event, Publication, Session, WorkingGroup

SEARCHED_FIELDS = (
    "title",
    "summary",
    "target_group",
    "aim_and_background",
    "programme",
    "practical_information",
    "platform",
    "city",
)
_MOST_WORDS = 8


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What a reader asked for. Empty asks for nothing; each of `words` must be found somewhere in the event's text."""

    kind: str = ""
    working_group: str = ""
    language: str = ""
    is_open: bool = False
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class BesideEvent:
    """What an event's page links to: related events with their sessions, announcements and outcomes."""

    related_events: list[Event]
    announcements: list[Announcement]
    publications: list[Publication]


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """What the first page shows."""

    open_events: list[Event]
    upcoming_events: list[Event]
    announcements: list[Announcement]
    publications: list[Publication]


# What is visible


def visible_events(now: datetime) -> QuerySet[Event]:
    """Return the events that the public sees at this moment. Neither drafts, nor future ones, nor hidden ones."""
    return Event.objects.filter(_is_out(now), is_hidden=False)


def visible_announcements(now: datetime) -> QuerySet[Announcement]:
    """Return the announcements that the public sees, the newest first. A hidden event takes its announcements along."""
    return Announcement.objects.filter(_is_out(now)).exclude(event__is_hidden=True)


def visible_publications(now: datetime) -> QuerySet[Publication]:
    """Return the publications that the public sees, the newest first.

    A publication whose events are all hidden is hidden with them; one of several events stays, and does not name them.
    """
    events = Publication.events.through.objects.filter(publication=OuterRef("pk"))
    hidden, shown = events.filter(event__is_hidden=True), events.filter(event__is_hidden=False)
    return Publication.objects.filter(_is_out(now)).exclude(Exists(hidden) & ~Exists(shown))


def _is_out(now: datetime) -> Q:
    return Q(status=Status.PUBLISHED, published_at__lte=now)


# Events


def event_list(now: datetime, asked: EventFilter) -> QuerySet[Event]:
    """Return the visible events that fit, upcoming ones first (the next first), then past ones (the latest first).

    Each has `is_past` (0 or 1), its call, sessions and working groups.
    """
    events: QuerySet[Any] = _with_dates(visible_events(now), now)
    for condition in _conditions(now, asked):
        events = events.filter(condition)
    return _listed(events).order_by("is_past", F("upcoming_at").asc(nulls_last=True), F("first_at").desc(), "slug")


def event_of_slug(slug: str, now: datetime) -> Event:
    """Return the visible event with its call, sessions and working groups. Raises Event.DoesNotExist."""
    return _listed(visible_events(now)).get(slug=slug)


def beside(event: Event, now: datetime) -> BesideEvent:
    """Return what is visible beside the event; of related events those that it names, and those that name it."""
    named = Event.objects.filter(Q(related_from=event) | Q(related_events=event)).exclude(pk=event.pk)
    related = visible_events(now).filter(pk__in=named.values("pk")).prefetch_related("sessions")
    return BesideEvent(
        related_events=list(related.order_by("title", "slug")),
        announcements=list(visible_announcements(now).filter(event=event)),
        publications=list(visible_publications(now).filter(events=event)),
    )


def calendar_events(now: datetime) -> QuerySet[Event]:
    """Return all visible events with their sessions, the earliest first."""
    return _with_dates(visible_events(now), now).prefetch_related("sessions").order_by("first_at", "slug")


def languages(now: datetime) -> list[str]:
    """Return the codes of the languages in which visible events are held, in order."""
    return sorted(visible_events(now).order_by().values_list("language", flat=True).distinct())


# Pages


def home_page(now: datetime, *, most: int = 6) -> HomePage:
    """Return what the first page shows, at most `most` of each; open calls by deadline, and not again as upcoming."""
    upcoming = _with_dates(visible_events(now).select_related("call"), now).filter(is_past=0)
    open_events = list(
        visible_events(now).select_related("call").filter(_has_open_call(now)).order_by("call__closes_at")[:most]
    )
    others = upcoming.exclude(pk__in=[event.pk for event in open_events]).order_by("first_at", "slug")
    upcoming_events = list(others[:most])
    fetch_related([*open_events, *upcoming_events], "sessions", "working_groups")
    return HomePage(
        open_events=open_events,
        upcoming_events=upcoming_events,
        announcements=list(visible_announcements(now)[:4]),
        publications=list(visible_publications(now)[:3]),
    )


def announcement_of_slug(slug: str, now: datetime) -> Announcement:
    """Return the visible announcement with its event and the event's sessions. Raises Announcement.DoesNotExist.

    `event` is None where the public does not see it.
    """
    announcement = visible_announcements(now).select_related("event__call").get(slug=slug)
    return without_invisible_event(announcement, now)


def without_invisible_event(announcement: Announcement, now: datetime) -> Announcement:
    """Return the announcement as read, unsaved, without its event where the public does not see that."""
    if announcement.event_id and not visible_events(now).filter(pk=announcement.event_id).exists():
        announcement.event = None
    return announcement


def publication_of_slug(slug: str, now: datetime) -> Publication:
    """Return the visible publication with its working groups and visible events. Raises Publication.DoesNotExist."""
    return with_visible_events(visible_publications(now), now).get(slug=slug)


def with_visible_events(publications: QuerySet[Publication], now: datetime) -> QuerySet[Publication]:
    """Return the publications so that `events.all()` holds visible ones only, with their sessions."""
    events = visible_events(now).prefetch_related("sessions").order_by("title", "slug")
    return publications.prefetch_related(Prefetch("events", queryset=events), "working_groups")


def events_of_group(group: WorkingGroup, now: datetime) -> QuerySet[Event]:
    """Return the visible events of the group, in the order of `event_list`."""
    return event_list(now, EventFilter(working_group=group.slug))


def publications_of_group(group: WorkingGroup, now: datetime) -> QuerySet[Publication]:
    """Return the visible publications of the group, the newest first."""
    return visible_publications(now).filter(working_groups=group)


# Parts


def _listed(events: QuerySet[Any]) -> QuerySet[Any]:
    return events.select_related("call").prefetch_related("sessions", "working_groups")


def _with_dates(events: QuerySet[Event], now: datetime) -> QuerySet[Any]:
    """Annotate `first_at` and `last_at` (None without sessions), `is_past` (0 or 1), `upcoming_at` (None if past)."""
    sessions = Session.objects.filter(event=OuterRef("pk"))
    return events.annotate(
        first_at=Subquery(sessions.order_by("starts_at").values("starts_at")[:1]),
        last_at=Subquery(sessions.order_by("-ends_at").values("ends_at")[:1]),
        is_past=Case(When(last_at__lte=now, then=Value(1)), default=Value(0), output_field=IntegerField()),
        upcoming_at=Case(When(last_at__lte=now, then=None), default=F("first_at"), output_field=DateTimeField()),
    )


def _has_open_call(now: datetime) -> Q:
    """On time, and there is something to get: a place, a place on the list, or a decision."""
    is_on_time = Q(call__opens_at__lte=now, call__closes_at__gt=now, cancelled_at__isnull=True)
    has_place = Q(call__capacity=None) | Q(call__places_taken__lt=F("call__capacity"))
    return is_on_time & (has_place | Q(call__has_waiting_list=True) | Q(call__admission=Admission.SELECTIVE))


def _conditions(now: datetime, asked: EventFilter) -> Iterable[Q]:
    if asked.kind:
        yield Q(kind=asked.kind)
    if asked.language:
        yield Q(language=asked.language)
    if asked.is_open:
        yield _has_open_call(now)
    if asked.working_group:
        yield Q(
            pk__in=Event.working_groups.through.objects.filter(workinggroup__slug=asked.working_group).values("event")
        )
    for word in asked.words.split()[:_MOST_WORDS]:
        yield _mentions(word)


def _mentions(word: str) -> Q:
    found = Q()
    for field in SEARCHED_FIELDS:
        found |= Q(**{f"{field}__icontains": word})
    return found
