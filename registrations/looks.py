"""Whose rows were read, and whose sealed words opened, in the present piece of work. For the access log; pure."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from registrations.enums import LookKind


@dataclass
class Look:
    """One piece of work of somebody who may look at people, filled while it runs.

    `rows` are the registrations that were read, by id: reference and call. `opened` are those of which something sealed
    was opened. `shown`, where a page says so, are the ids of those that it shows, and then nobody else counts.
    """

    opened: set[int]
    rows: dict[int, tuple[str, int]] = field(default_factory=dict)
    kind: LookKind | None = None
    purpose: str = ""
    shown: set[int] | None = None

    @property
    def seen(self) -> set[int]:
        """The ids of the registrations that this look saw."""
        return self.opened | set(self.rows) if self.shown is None else self.shown


_opened: ContextVar[set[int] | None] = ContextVar("opened", default=None)
_look: ContextVar[Look | None] = ContextVar("look", default=None)


@contextmanager
def watched() -> Iterator[set[int]]:
    """Collect, while this lasts, the ids of the registrations of which something sealed is opened."""
    opened: set[int] = set()
    token = _opened.set(opened)
    try:
        yield opened
    finally:
        _opened.reset(token)


@contextmanager
def looking() -> Iterator[Look]:
    """Collect, while this lasts, all that a piece of work sees of people."""
    with watched() as opened:
        look = Look(opened)
        token = _look.set(look)
        try:
            yield look
        finally:
            _look.reset(token)


@contextmanager
def unnoticed() -> Iterator[None]:
    """Let nothing that is read or opened while this lasts count as a look: a program compares, and nobody is shown."""
    opened, look = _opened.set(None), _look.set(None)
    try:
        yield
    finally:
        _look.reset(look)
        _opened.reset(opened)


def note(registration_id: int) -> None:
    """Something sealed of this registration was opened; where nobody watches, nothing happens."""
    opened = _opened.get()
    if opened is not None:
        opened.add(registration_id)


def note_row(registration_id: int, *, reference: str, call_id: int) -> None:
    """This registration's row was read; where nobody watches, nothing happens."""
    look = _look.get()
    if look is not None:
        look.rows[registration_id] = (reference, call_id)


def declare(kind: LookKind, *, purpose: str = "", shown: Iterable[int] | None = None) -> None:
    """Say what the present piece of work is, for an export why, and where more was read than is shown, who is shown."""
    look = _look.get()
    if look is not None:
        look.kind, look.purpose = kind, purpose
        look.shown = look.shown if shown is None else set(shown)
