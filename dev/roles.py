"""Lays what the crawl of tests/journeys/test_roles.py found into docs/roles.md: who sees and does what at each address.

Run that test and then `python -m dev.roles` after a change of addresses or rights, and read what changed.
"""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "roles.md"
BEGIN = "<!-- roles: made by python -m dev.roles -->"
END = "<!-- end of roles -->"
SEE, DO, NONE = "see", "do", "–"
ROLES = (
    "stranger",
    "registrant",
    "publisher",
    "reviewer",
    "organiser",
    "other organiser",
    "logistics",
    "data protection",
    "administrator",
    "superuser",
)


def columns(document: str) -> dict[str, dict[str, str]]:
    """What the document says, by role and then by address; of a role that has no column there, nothing."""
    said: dict[str, dict[str, str]] = {role: {} for role in ROLES}
    lines = document.partition(BEGIN)[2].partition(END)[0].splitlines()
    head: list[str] = []
    for line in lines:
        route, *cells = [cell.strip() for cell in line.replace("\\|", "\0").strip("|").split("|")]
        if route == "address":
            head = cells
        if not route.startswith("`"):
            continue
        for role, cell in zip(head, cells, strict=True):
            said[role][route.strip("`").removeprefix("/").replace("\0", "|")] = cell
    return said


def table(found: dict[str, dict[str, str]]) -> str:
    """The table of all columns, one line for each address."""
    head = [f"| address | {' | '.join(ROLES)} |", f"| --- |{' --- |' * len(ROLES)}"]
    routes = found[ROLES[0]]
    return "\n".join([*head, *(_line(route, found) for route in routes)])


def _line(route: str, found: dict[str, dict[str, str]]) -> str:
    cells = " | ".join(found[role].get(route, "?") for role in ROLES)
    return f"| `/{route.replace('|', chr(92) + '|')}` | {cells} |"


def main() -> None:
    """Write the document anew from what the crawl left; a role that it did not crawl keeps its column."""
    document = DOCUMENT.read_text("utf-8")
    found = columns(document)
    for role in ROLES:
        left = ROOT / "var" / "roles" / f"{role}.json"
        if left.exists():
            found[role] = json.loads(left.read_text("utf-8"))
    before, _, rest = document.partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
