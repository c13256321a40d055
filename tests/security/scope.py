"""How much is tried, and the table of what was found: `make security` runs all, `make test` a bounded choice."""

import json
import os
import sys
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

_WIDTHS = (52, 44, 58)


@dataclass(frozen=True)
class Line:
    """One row of the table; `reached` holds the figures of this run."""

    part: str
    goal: str
    reached: str
    is_reached: bool


def is_full() -> bool:
    """Whether the long form is asked for."""
    return os.environ.get("SECURITY") == "full"


def add(*, part: str, goal: str, reached: str, is_reached: bool) -> None:
    """Put a row into the table. Call it before asserting, so that a figure that is missed can be read."""
    if path := os.environ.get("SECURITY_TABLE"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(Line(part, goal, reached, is_reached))) + "\n")


def table(rows: list[Line]) -> str:
    """The rows in columns, for a terminal of 160 characters."""
    rule = "-" * (sum(_WIDTHS) + 8)
    head = _row("", "part", "goal", "reached")
    return "\n".join(
        [head, rule, *[_row("" if row.is_reached else "!", row.part, row.goal, row.reached) for row in rows]]
    )


def _row(mark: str, *cells: str) -> str:
    parts = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    lines = []
    for number in range(max(map(len, parts))):
        texts = [part[number] if number < len(part) else "" for part in parts]
        shown = [f"{text:{width}}" for text, width in zip(texts, _WIDTHS, strict=True)]
        lines.append("  ".join([f"{mark if number == 0 else '':1}", *shown]).rstrip())
    return "\n".join(lines)


def main(path: str) -> int:
    """Print the table of a run; the status is 1 where a goal was missed."""
    rows = [Line(**json.loads(line)) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    print(table(rows))
    return int(not all(row.is_reached for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
