"""What is held about a registration, from plain JSON to words that people read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from registrations.countries import country_name

Row = tuple[str, str]

#: Begins the line that gathers what would be empty parts.
NOTHING_UNDER = "Nothing is held under:"


@dataclass(frozen=True)
class Part:
    """One heading, and below it groups of lines, each with its label."""

    title: str
    groups: list[list[Row]]


def parts(told: dict[str, Any], zone: tzinfo, *, first: str = "Your registration") -> list[Part]:
    """All of it: first what is one line each, under this title, then what are several; moments on the zone's clocks."""
    single = {key: value for key, value in told.items() if not isinstance(value, list | dict)}
    several = {key: value for key, value in told.items() if isinstance(value, list | dict)}
    singles = Part(first, [list(_rows(single, zone))])
    return [singles, *(Part(_label(key), list(_groups(value, zone))) for key, value in several.items())]


def filled(found: Iterable[Part]) -> list[Part]:
    """The parts under which something is held."""
    return [part for part in found if part.groups]


def nothing_under(found: Iterable[Part]) -> str:
    """The titles of the parts under which nothing is held, for one line; "" where there are none."""
    return ", ".join(part.title for part in found if not part.groups)


def as_text(told: dict[str, Any], zone: tzinfo) -> str:
    """The same as plain text, for a file."""
    lines: list[str] = []
    found = parts(told, zone)
    for part in filled(found):
        lines += [part.title, "=" * len(part.title), ""]
        for group in part.groups:
            lines += [f"{label}: {words}" if label else words for label, words in group]
            lines.append("")
    if empty := nothing_under(found):
        lines += [f"{NOTHING_UNDER} {empty}", ""]
    return "\n".join(lines)


def _groups(value: Any, zone: tzinfo) -> Iterator[list[Row]]:
    for one in value if isinstance(value, list) else [value]:
        yield list(_rows(one, zone)) if isinstance(one, dict) else [("", _words(one, zone))]


def _rows(values: dict[str, Any], zone: tzinfo) -> Iterable[Row]:
    named = {key: country_name(value) if key == "country" else value for key, value in values.items()}
    return [(_label(key), words) for key, value in named.items() if (words := _words(value, zone))]


def _words(value: Any, zone: tzinfo) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(one, zone)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_words(one, zone) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    moment = _moment(value)
    if moment is not None:
        local = moment.astimezone(zone)
        return f"{local.day} {local:%B %Y, %H:%M}"
    return "" if value is None else str(value)


def _moment(value: Any) -> datetime | None:
    """The moment that a text in the form of ISO 8601, with its zone, stands for."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
