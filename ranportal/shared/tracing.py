"""Which request, and which task, the present work belongs to: what each line of the log is tied together by."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

#: What we take for an id when a trusted proxy sends one.
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{16,64}")


@dataclass(frozen=True)
class Work:
    """What is being done. A task carries the id of the request that rang for it."""

    request_id: str = ""
    task: str = ""
    task_id: str = ""


_NOTHING = Work()
_work: ContextVar[Work] = ContextVar("work", default=_NOTHING)


def work() -> Work:
    """What the present thread works on; empty between two requests or tasks."""
    return _work.get()


def new_id() -> str:
    """An id that nobody else has."""
    return uuid4().hex


def is_well_formed(text: str) -> bool:
    """Whether this may be an id: letters, digits and hyphens, neither short nor long."""
    return WELL_FORMED.fullmatch(text) is not None


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Work on this request."""
    token = _work.set(Work(request_id))
    try:
        yield
    finally:
        _work.reset(token)


def begin_task(*, name: str, task_id: str, request_id: str) -> None:
    """From here on, this task is worked on."""
    _work.set(Work(request_id if is_well_formed(request_id) else "", name, task_id))


def end_task() -> None:
    """The task is over."""
    _work.set(_NOTHING)
