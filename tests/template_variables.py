"""Undefined template variables are errors in our templates; Django's and other packages' keep their habits."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.template import engines


class UndefinedVariable(Exception):
    """A template of ours shows a variable that nobody gave it."""


class _Refusal(str):
    """Takes the place of ``string_if_invalid``: Django formats it with the variable's name."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __bool__(self) -> bool:
        return True

    def __mod__(self, variable: object) -> str:
        origin = _template_in_work()
        if origin is not None and _is_ours(origin):
            raise UndefinedVariable(f"{variable} in {origin}")
        return ""


@contextmanager
def undefined_variables_fail() -> Iterator[None]:
    """As long as the context lasts, showing an undefined variable raises UndefinedVariable."""
    engine = engines["django"].engine
    before = engine.string_if_invalid
    engine.string_if_invalid = _Refusal()
    try:
        yield
    finally:
        engine.string_if_invalid = before


def _is_ours(origin: str) -> bool:
    path = Path(origin)
    return settings.BASE_DIR in path.parents and ".venv" not in path.parts


def _template_in_work() -> str | None:
    """The file of the node that is being rendered, which only the stack knows."""
    frame = sys._getframe(2)
    while frame is not None:
        node = frame.f_locals.get("self")
        origin = getattr(node, "origin", None)
        if origin is not None and hasattr(node, "render"):
            return str(origin.name)
        frame = frame.f_back
    return None
