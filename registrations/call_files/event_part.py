"""Reads the part `event`."""

import re
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from events.enums import EventFormat, EventKind
from registrations.call_files.contents import EventContent, SessionContent
from registrations.call_files.section import SLUG, Section
from registrations.call_files.times import day_after, start_of_day
from registrations.countries import COUNTRIES

EVENT_KEYS = (
    "slug",
    "kind",
    "title",
    "working_groups",
    "language",
    "format",
    "platform",
    "city",
    "country",
    "venue",
    "timezone",
    "sessions",
    "related_events",
    "summary",
    "target_group",
    "aim_and_background",
    "programme",
    "practical_information",
)
SESSION_KEYS = ("start", "end", "day")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_DEFAULT_ZONE = "Europe/Brussels"
_LONGEST_SESSION = timedelta(days=7)


def read_event(section: Section) -> EventContent:
    """Return the event; what is wrong is noted by the section."""
    zone = _zone(section)
    return EventContent(
        file=section.problems.file,
        line=section.line,
        slug=section.slug("slug"),
        kind=section.choice("kind", EventKind),
        title=section.text("title", required=True, longest=250),
        working_groups=_slugs(section, "working_groups"),
        language=_language(section),
        format=section.choice("format", EventFormat, default=EventFormat.ONLINE),
        platform=section.text("platform", longest=60),
        city=section.text("city", longest=80),
        country=_country(section),
        venue=section.text("venue"),
        timezone=zone.key,
        sessions=_sessions(section, zone),
        related_events=_slugs(section, "related_events"),
        summary=section.text("summary"),
        target_group=section.text("target_group"),
        aim_and_background=section.text("aim_and_background"),
        programme=section.text("programme"),
        practical_information=section.text("practical_information"),
        lines=section.lines,
    )


def _zone(section: Section) -> ZoneInfo:
    name = section.text("timezone", default=_DEFAULT_ZONE)
    if name not in available_timezones():
        section.note("timezone", f"“{name}” is not a time zone, as Europe/Brussels.")
        name = _DEFAULT_ZONE
    return ZoneInfo(name)


def _slugs(section: Section, key: str) -> tuple[str, ...]:
    slugs = section.texts(key)
    for slug in slugs:
        if not SLUG.fullmatch(slug):
            section.note(f"{key} {slug}", f"“{slug}” in “{key}” is not a short name.")
    return slugs


def _language(section: Section) -> str:
    language = section.text("language", default="en")
    if not _LANGUAGE.fullmatch(language):
        section.note("language", f"“{language}” is not a language code, as en.")
    return language


def _country(section: Section) -> str:
    country = section.text("country")
    if country and country not in COUNTRIES:
        section.note("country", f"“{country}” is not a country code, as BE.")
    return country


def _sessions(section: Section, zone: ZoneInfo) -> tuple[SessionContent, ...]:
    parts = section.sections("sessions", "a session", SESSION_KEYS)
    if not parts:
        section.note("sessions", "an event needs at least one session.")
    read = [session for part in parts if (session := _session(part, zone)) is not None]
    sessions = sorted(read, key=lambda session: session.starts_at)
    for earlier, later in pairwise(sessions):
        if later.starts_at < earlier.ends_at:
            section.problems.note(later.line, f"this session overlaps with the one of line {earlier.line}.")
    return tuple(sessions)


def _session(part: Section, zone: ZoneInfo) -> SessionContent | None:
    if part.has("day"):
        return _whole_day(part, zone)
    starts_at = part.moment("start", zone, required=True)
    ends_at = part.moment("end", zone, required=True)
    if starts_at is None or ends_at is None:
        return None
    if ends_at <= starts_at:
        part.note("end", "the session would end before it starts.")
    if ends_at - starts_at > _LONGEST_SESSION:
        part.note("end", "the session would last more than a week; write one session for each day.")
    return SessionContent(
        file=part.problems.file,
        line=part.line,
        lines=part.lines,
        starts_at=starts_at,
        ends_at=ends_at,
        is_whole_day=False,
    )


def _whole_day(part: Section, zone: ZoneInfo) -> SessionContent | None:
    for key in ("start", "end"):
        if part.has(key):
            part.note(key, "a session has a start and an end, or only a day.")
    day = part.day("day")
    if day is None:
        return None
    return SessionContent(
        file=part.problems.file,
        line=part.line,
        lines=part.lines,
        starts_at=start_of_day(day, zone),
        ends_at=start_of_day(day_after(day), zone),
        is_whole_day=True,
    )
