"""Local dates and times as call files write them."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}):(\d{2})(?::00)?(?: ?([+-])(\d{2}):(\d{2}))?")


class NotATime(ValueError):
    """Text that names no day or no moment; the message says why and how it is written."""


def parse_day(text: str) -> date:
    """Return the day of “2023-09-06”. Raises NotATime."""
    if not _DAY.fullmatch(text):
        raise NotATime(f"“{text}” is not a date, as 2023-09-06")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotATime(f"there is no day {text}") from error


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of “2023-09-20 14:00” on the clocks of `zone`.

    Raises NotATime; also for a time that the clocks leave out, and for one that they show twice without its offset.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise NotATime(f"“{text}” is not a date with a time, as 2023-09-20 14:00")
    day, hour, minute, sign, *offset = match.groups()
    try:
        local = datetime.combine(parse_day(day), time(int(hour), int(minute)))
    except ValueError as error:
        raise NotATime(str(error) if isinstance(error, NotATime) else f"there is no time {hour}:{minute}") from error
    instants = _instants(local, zone)
    if sign:
        return _at_offset(text, instants, zone, _offset(sign, *offset))
    if not instants:
        raise NotATime(f"{local:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks are put forward")
    if len(instants) > 1:
        first = instants[0].astimezone(zone).isoformat()[-6:]
        raise NotATime(
            f"{local:%Y-%m-%d %H:%M} happens twice in {zone.key}: add the offset, as {local:%Y-%m-%d %H:%M}{first}"
        )
    return instants[0]


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which `day` starts in `zone`."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_after(day: date) -> date:
    """Return the next day."""
    return day + timedelta(days=1)


def _instants(local: datetime, zone: ZoneInfo) -> list[datetime]:
    candidates = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(c for c in candidates if c.astimezone(zone).replace(tzinfo=None) == local)


def _offset(sign: str, hours: str, minutes: str) -> timedelta:
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return -size if sign == "-" else size


def _at_offset(text: str, instants: list[datetime], zone: ZoneInfo, offset: timedelta) -> datetime:
    for instant in instants:
        if instant.astimezone(zone).utcoffset() == offset:
            return instant
    if abs(offset) < timedelta(hours=24):
        raise NotATime(f"{zone.key} is not at {timezone(offset)} at “{text}”")
    raise NotATime(f"“{text}” has an impossible offset")
