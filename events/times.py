"""Words for times and deadlines, the same on every page and in every mail. Pure: instants are aware, zones are given.

A deadline is an instant that is already too late. What people read is the last moment that is still in time.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Protocol
from zoneinfo import ZoneInfo

from events.country_clocks import country_clock
from events.models import Call, Event

_MINUTE = timedelta(minutes=1)


class ImpossibleTime(ValueError):
    """The clocks of the zone never show this time, or show it twice."""


class Stretch(Protocol):
    """A session, saved or not yet."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def is_whole_day(self) -> bool: ...


# Local times to instants


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which the zone's clocks show this naive time.

    Raises ImpossibleTime when they never do (spring) or do twice (autumn): both are mistakes worth asking about.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise ImpossibleTime(f"{local:%H:%M} does not exist on {date_words(local.date())} {local.year} in {zone.key}.")
    raise ImpossibleTime(f"{local:%H:%M} comes twice on {date_words(local.date())} {local.year} in {zone.key}.")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which the day starts in the zone."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, that no longer belongs to the day in the zone: where the next day starts."""
    return day_start(day + timedelta(days=1), zone)


# Dates and moments


def date_words(day: date) -> str:
    """Return "Wednesday 6 September"."""
    return f"{day:%A} {day.day} {day:%B}"


def short_date(day: date) -> str:
    """Return "6 September"."""
    return f"{day.day} {day:%B}"


def long_date(day: date) -> str:
    """Return "6 September 2023"."""
    return f"{short_date(day)} {day.year}"


def moment_words(instant: datetime, zone: ZoneInfo) -> str:
    """Return "15 September, 12:00", as the zone's clocks show it."""
    local = instant.astimezone(zone)
    return f"{short_date(local.date())}, {local:%H:%M}"


def until_words(instant: datetime, zone: ZoneInfo) -> str:
    """Return "15 September, 12:00", or of a midnight "the end of Monday 14 September", which nobody misreads."""
    local = instant.astimezone(zone)
    if (local.hour, local.minute) == (0, 0):
        return f"the end of {date_words((local - _MINUTE).date())}"
    return moment_words(instant, zone)


def zone_words(zone: ZoneInfo) -> str:
    """Return "Brussels time"."""
    return f"{zone.key.rpartition('/')[2].replace('_', ' ')} time"


# Deadlines


def last_minute(call: Call) -> datetime:
    """Return the last minute that is still in time, aware, in the event's zone (the end of a minute counts to it)."""
    return (call.closes_at - _MINUTE).astimezone(call.event.zone)


def deadline_words(call: Call, country: str | None = None) -> str:
    """Return "until the end of Wednesday 6 September (Brussels time; in Latvia until 00:59 on Thursday)".

    Where an hour was given: "until 12:00 on Wednesday 6 September (Brussels time; in Latvia until 13:00)". `country` is
    where the reader is (ISO 3166-1 alpha-2); nothing is added where the clocks there show the same, or are not known.
    """
    return f"until {_deadline(call)} ({_clocks(call, country)})"


def closed_words(call: Call) -> str:
    """Return "at the end of Wednesday 6 September 2023 (Brussels time)", for a deadline that is long ago."""
    return f"at {_deadline(call)} {shown_deadline(call).year} ({zone_words(call.event.zone)})"


def short_deadline(call: Call) -> str:
    """Return "end of 6 September 2023", or "6 September 2023, 12:00" where an hour was given, for lists of staff."""
    local = shown_deadline(call)
    return f"end of {long_date(local)}" if call.closes_on else f"{long_date(local)}, {local:%H:%M}"


def shown_deadline(call: Call) -> datetime:
    """Return the moment that is shown as the deadline, in the event's zone: 23:59 of a whole day, else `closes_at`."""
    return last_minute(call) if call.closes_on else call.closes_at.astimezone(call.event.zone)


def elsewhere_words(call: Call) -> str:
    """Return the deadline in countries of the network whose clocks show another time, or "".

    As: "22:59 in Ireland and Portugal; 00:59 on Thursday in Bulgaria, Cyprus, Estonia, …".
    """
    here = shown_deadline(call)
    by_time: dict[datetime, list[str]] = {}
    for code in ("BG", "CY", "EE", "FI", "GR", "IE", "LV", "LT", "PT", "RO", "UA", "GB"):
        clock = country_clock(code)
        if clock and _wall(here, clock[1]) != _wall(here, call.event.zone):
            by_time.setdefault(_wall(here, clock[1]), []).append(clock[0])
    return "; ".join(f"{_other_time(here, wall)} in {joined(names)}" for wall, names in sorted(by_time.items()))


def _deadline(call: Call) -> str:
    local = shown_deadline(call)
    return f"the end of {date_words(local)}" if call.closes_on else f"{local:%H:%M} on {date_words(local)}"


def _clocks(call: Call, country: str | None) -> str:
    here = shown_deadline(call)
    clock = country_clock(country)
    if clock is None or _wall(here, clock[1]) == _wall(here, call.event.zone):
        return zone_words(call.event.zone)
    return f"{zone_words(call.event.zone)}; in {clock[0]} until {_other_time(here, _wall(here, clock[1]))}"


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _other_time(here: datetime, wall: datetime) -> str:
    return f"{wall:%H:%M}" if wall.date() == here.date() else f"{wall:%H:%M} on {wall:%A}"


# Events


def event_when(event: Event) -> str:
    """Return when the event takes place, in its own zone; as `session_words`."""
    return session_words(event.sessions.all(), event.zone)


def session_words(sessions: Iterable[Stretch], zone: ZoneInfo) -> str:
    """Return "13 December 2023, 10:00-11:30 CET"; of whole days "4 and 5 November 2021"; several parted by "; "."""
    return "; ".join(_parts(sessions, zone, long_date))


def session_lines(sessions: Iterable[Stretch], zone: ZoneInfo) -> list[str]:
    """Return a line for each session with its weekday, as "Wednesday 20 September 2023, 14:00-17:00 CEST"."""
    return _parts(sessions, zone, lambda day: f"{day:%A} {long_date(day)}")


def days_words(days: Sequence[date]) -> str:
    """Return "4 and 5 November 2021", "28 to 30 March 2023" or "30 November and 2 December 2021"; days in order."""
    first, last = days[0], days[-1]
    if len(days) == 1:
        return long_date(first)
    if len(days) > 2 and (last - first).days == len(days) - 1:
        return f"{_short_beside(first, last)} to {long_date(last)}"
    following = pairwise(days)
    return joined([*(_short_beside(day, after) for day, after in following), long_date(last)])


def joined(words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _short_beside(day: date, after: date) -> str:
    """The day, without the month or year that the next date tells as well."""
    if (day.year, day.month) == (after.year, after.month):
        return str(day.day)
    return short_date(day) if day.year == after.year else long_date(day)


def _parts(sessions: Iterable[Stretch], zone: ZoneInfo, name_day: Callable[[date], str]) -> list[str]:
    """Whole days that follow each other in the list make one part, each session with hours makes its own."""
    parts: list[str] = []
    for is_whole_day, group in groupby(sessions, key=attrgetter("is_whole_day")):
        if not is_whole_day:
            parts += [_hours(session, zone, name_day) for session in group]
            continue
        days = sorted({day for session in group for day in days_of(session, zone)})
        parts.append(name_day(days[0]) if len(days) == 1 else days_words(days))
    return parts


def days_of(session: Stretch, zone: ZoneInfo) -> list[date]:
    """Return the days that the session touches, in the zone; its end itself belongs to no session."""
    first = session.starts_at.astimezone(zone).date()
    last = (session.ends_at - _MINUTE).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _hours(session: Stretch, zone: ZoneInfo, name_day: Callable[[date], str]) -> str:
    start, end = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    first, last = f"{name_day(start.date())}, {start:%H:%M}", f"{end:%H:%M} {_zone_name(end)}"
    if start.utcoffset() != end.utcoffset():
        first += f" {_zone_name(start)}"
    return f"{first}-{last}" if start.date() == end.date() else f"{first} to {name_day(end.date())}, {last}"


def _zone_name(local: datetime) -> str:
    """CET or CEST; UTC+3 where the zone has no letters of its own."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local.isoformat()[-6:]}".removesuffix(":00")
