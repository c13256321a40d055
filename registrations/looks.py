"""Whose sealed words were opened in the present piece of work: what the access log writes down. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_opened: ContextVar[set[int] | None] = ContextVar("opened", default=None)


@contextmanager
def watched() -> Iterator[set[int]]:
    """Collect, while this lasts, the ids of the registrations of which something sealed is opened."""
    opened: set[int] = set()
    token = _opened.set(opened)
    try:
        yield opened
    finally:
        _opened.reset(token)


def note(registration_id: int) -> None:
    """Something sealed of this registration was opened; where nobody watches, nothing happens."""
    opened = _opened.get()
    if opened is not None:
        opened.add(registration_id)
