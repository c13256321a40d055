"""Log lines without people: no private links, and of an error its kind and place, not the values it quotes.

Plain lines for the demo, JSON lines for machines; both pass the same filter. Each says which request or task it
belongs to.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from ranportal.shared import tracing

#: What these end with opens something: a private page, the page of a contact point, the choice of a password.
_PRIVATE_LINK = re.compile(r"(/registrations/(?:p|contact)/|/accounts/password/reset/key/)[^/\s\"'?]+")
_QUERY = re.compile(r"(/[^\s\"'?]*\?)[^\s\"']+")
_ADDRESS = re.compile(r"[^\s<>\"'=:,;()]+@[^\s<>\"'=:,;()]+\.[^\s<>\"'=:,;()]+")
#: What Celery tells of a task besides its name: values that were handed in, or are quoted by its error.
_VALUES = frozenset({"args", "kwargs", "exc", "traceback"})
#: Programs whose lines are their output; a command's output is something else.
_SERVICES = frozenset({"celery", "gunicorn"})

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class NamelessFormatter(logging.Formatter):
    """Formats a record as ``time level logger: message``; a traceback follows without the messages of its errors.

    A database's refusal quotes the whole row, and a validation error quotes what was typed: both name people.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; tokens of private links, queries and mail addresses are replaced by an ellipsis."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.msg, copy.args = message_of(record), None
        # What another formatter has left here quotes the error.
        copy.exc_text = None
        line = nameless(super().format(copy))
        request_id = tracing.work().request_id
        return f"{line} [{request_id}]" if request_id else line

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 (logging's own name)
        """Return the frames and the type of each error of the chain, and no error's message."""
        return "" if ei[1] is None else "".join(_frames(ei[1])).rstrip()


class JsonFormatter(NamelessFormatter):
    """Formats a record as one line of JSON: time (UTC), level, logger, message, and what request or task it is of."""

    def format(self, record: logging.LogRecord) -> str:
        work = tracing.work()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": nameless(message_of(record)),
            "request_id": work.request_id,
            "task": work.task,
            "task_id": work.task_id,
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            line["error"] = nameless(self.formatException(record.exc_info))
        return json.dumps({name: value for name, value in line.items() if value != ""}, ensure_ascii=False)


FORMATTERS = {"plain": NamelessFormatter, "json": JsonFormatter}


class Console(logging.StreamHandler):
    """Writes to the standard output of a service, and beside the output of a command."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        program = Path(sys.argv[0])
        self._is_service = bool(_SERVICES & {program.name, program.parent.name})

    @property
    def stream(self) -> TextIO:
        """Where lines go at this moment: Celery and tests put others in its place."""
        return sys.stdout if self._is_service else sys.stderr


def nameless(text: str) -> str:
    """The text without what opens a page by its address alone, what was searched for, and whose address it is."""
    return _ADDRESS.sub("…@…", _QUERY.sub(r"\1…", _PRIVATE_LINK.sub(r"\1…", text)))


def message_of(record: logging.LogRecord) -> str:
    """The record's message, in which an error is called by its kind, and the values of a task are left out."""
    args: Any = record.args
    if isinstance(args, Mapping):
        args = {name: "…" if name in _VALUES else _kind(value) for name, value in args.items()}
    elif isinstance(args, tuple):
        args = tuple(_kind(value) for value in args)
    message = str(record.msg) % args if args else str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    for link in _chain(error) if error else ():
        for quoted in (repr(link), str(link)):
            message = message.replace(quoted, type(link).__qualname__) if len(quoted) > 1 else message
    return message


class _Kind(str):
    """An error's kind, in a message that wanted the error itself."""

    __repr__ = str.__str__


def _kind(value: Any) -> Any:
    return _Kind(type(value).__qualname__) if isinstance(value, BaseException) else value


def _frames(error: BaseException) -> Iterator[str]:
    for link in _chain(error):
        yield from traceback.format_tb(link.__traceback__)
        yield f"{type(link).__module__}.{type(link).__qualname__}\n"
        for one in link.exceptions if isinstance(link, BaseExceptionGroup) else ():
            yield from _frames(one)


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links[::-1]
