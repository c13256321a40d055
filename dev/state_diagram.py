"""Writes the states of a registration into ARCHITECTURE.md, between its two marks, from the table of moves.

Run `python -m dev.state_diagram` after a change of registrations/states.py.
"""

from collections import defaultdict
from pathlib import Path

from registrations.enums import Act, Actor, MailKind, State
from registrations.states import HOLDS_PLACE, MOVES, Move

DOCUMENT = Path(__file__).resolve().parents[1] / "ARCHITECTURE.md"
BEGIN = "<!-- states: made by python -m dev.state_diagram -->"
END = "<!-- end of states -->"

#: An act that starts from more states than this would hide the others in the picture; it stands in the table only.
MOST_SOURCES = 3


def document_with_states(document: str) -> str:
    """Return the document with a fresh picture and table between its marks. Raises ValueError where one is missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The document needs a line {BEGIN!r} and, below it, a line {END!r}.")
    return f"{before}{BEGIN}\n\n{picture()}\n\n{table()}\n\n{END}{after}"


def picture() -> str:
    """The states and the moves between them as a Mermaid diagram; states that hold a place end with a dot."""
    states = [f'    state "{state.value}{" ●" if state in HOLDS_PLACE else ""}" as {state.value}' for state in State]
    acts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for move in MOVES:
        if len(_sources(move.act)) <= MOST_SOURCES:
            acts[_node(move.source), move.target.value].append(_plain(move.act))
    arrows = [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in acts.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *states, *arrows, "```"])


def table() -> str:
    """Every move: the act, from where, to where with which mail, and who may."""
    head = ["| act | from | to (mail) | who |", "| --- | --- | --- | --- |"]
    groups: dict[tuple[Act, frozenset[Actor], tuple[str, ...]], list[Move]] = defaultdict(list)
    for move in MOVES:
        targets = tuple(_target(other) for other in MOVES if (other.act, other.source) == (move.act, move.source))
        groups[move.act, move.actors, targets].append(move)
    return "\n".join([*head, *(_row(act, actors, targets, moves) for (act, actors, targets), moves in groups.items())])


def _row(act: Act, actors: frozenset[Actor], targets: tuple[str, ...], moves: list[Move]) -> str:
    sources = dict.fromkeys(move.source.value if move.source else "nothing" for move in moves)
    who = [actor.label.lower() for actor in Actor if actor in actors]
    why = " with a reason" if any(move.needs_reason for move in moves) else ""
    return f"| {_plain(act)} | {', '.join(sources)} | {', '.join(targets)} | {', '.join(who)}{why} |"


def _target(move: Move) -> str:
    return f"{move.target.value} ({MailKind(move.mail).value if move.mail else 'none'})"


def _sources(act: Act) -> set[State | None]:
    return {move.source for move in MOVES if move.act == act}


def _node(state: State | None) -> str:
    return state.value if state else "[*]"


def _plain(act: Act) -> str:
    return act.value.replace("_", " ")


if __name__ == "__main__":
    DOCUMENT.write_text(document_with_states(DOCUMENT.read_text("utf-8")), "utf-8")
