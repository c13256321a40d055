"""New editions of the demo's events: call files whose days are counted from the day of set-up."""

import re
from datetime import date, timedelta
from pathlib import Path

from events import times
from registrations import call_files
from registrations.call_files import CallFile

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = re.compile(r"\{\{(?P<words>words )?(?:day (?P<days>[+-]\d+)|(?P<weekday>[a-z]+day) (?P<weeks>-?\d+)w)\}\}")
_PART = re.compile(r"^\{\{(?P<part>questions|criteria) of (?P<name>[a-z0-9-]+)\}\}\n", re.MULTILINE)


def read(path: Path, *, archive: Path, today: date) -> CallFile:
    """Return what an edition's file says on this day; questions and criteria may be those of a file in `archive`.

    `{{day +2}}` is the day after tomorrow, `{{wednesday 3w}}` the Wednesday of the third week from now (`-3w`: ago),
    and with `words` before it a day reads “Wednesday 20 September 2023”. Raises CallFileRefused.
    """
    text = _PART.sub(lambda found: _part_of(archive / f"{found['name']}.yaml", found["part"]), path.read_text("utf-8"))
    text = _DAY.sub(lambda found: _written(found, today), text)
    return call_files.parse(text.encode(), file=str(path), folder=archive)


def _part_of(path: Path, part: str) -> str:
    found = re.search(rf"^  {part}:\n(?:(?:    .*)?\n)*", path.read_text("utf-8"), re.MULTILINE)
    return found[0] if found else ""


def _written(found: re.Match[str], today: date) -> str:
    if found["days"]:
        day = today + timedelta(days=int(found["days"]))
    else:
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(weeks=int(found["weeks"]), days=_WEEKDAYS.index(found["weekday"]))
    return f"{times.date_words(day)} {day.year}" if found["words"] else day.isoformat()
