"""The table of the fault suite: what was broken, what must hold, what was measured. Printed once, when all have run.

``make faults`` runs the suite twice, on PostgreSQL and on SQLite: FAULTS_TABLE names the file in which both leave their
lines, and ``python -m tests.faults.report FILE`` prints them as one table.
"""

import json
import os
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_GOAL_WIDTH = 40
_FAULT_WIDTH = 34
_REACHED_WIDTH = 70


@dataclass(frozen=True)
class Line:
    """One row of the table; `reached` holds figures that this run measured."""

    database: str
    fault: str
    goal: str
    reached: str


_lines: list[Line] = []


def is_full() -> bool:
    """Whether the long form is asked for (``make faults``) and not the short one of ``make test``."""
    return os.environ.get("FAULTS") == "full"


def database() -> str:
    """The name of the database on which this run is."""
    return "SQLite" if os.environ.get("TEST_DATABASE") == "sqlite" else "PostgreSQL"


def add(*, fault: str, goal: str, reached: str) -> None:
    """Put a row into the table. Call it before asserting, so that a figure that is missed can be read."""
    line = Line(database(), fault, goal, reached)
    _lines.append(line)
    if path := os.environ.get("FAULTS_TABLE"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")


def lines() -> list[Line]:
    """The rows of this run so far."""
    return list(_lines)


def table(rows: Iterable[Line]) -> str:
    """The rows in columns, for a terminal of 160 characters."""
    shown = ["\n".join(_columns("on", "fault", "goal", "reached"))]
    shown += ["\n".join(_columns(row.database, row.fault, row.goal, row.reached)) for row in rows]
    rule = "\n" + "-" * (10 + _FAULT_WIDTH + _GOAL_WIDTH + _REACHED_WIDTH + 6) + "\n"
    return rule.join(shown)


def _columns(where: str, *cells: str) -> list[str]:
    widths = (_FAULT_WIDTH, _GOAL_WIDTH, _REACHED_WIDTH)
    parts = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    printed = []
    for number in range(max(map(len, parts))):
        row = [part[number] if number < len(part) else "" for part in parts]
        left = where if number == 0 else ""
        cells_of_row = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
        printed.append("  ".join([f"{left:10}", *cells_of_row]).rstrip())
    return printed


if __name__ == "__main__":
    found = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    print(table(Line(**json.loads(line)) for line in found))
