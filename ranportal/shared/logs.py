"""Log lines without people: no private links, and of an error its kind and place, not the values it quotes."""

import logging
import re
import traceback
from types import TracebackType

_PRIVATE_LINK = re.compile(r"(/registrations/p/)[^/\s\"'?]+")
_ADDRESS = re.compile(r"[^\s<>\"'=:,;()]+@[^\s<>\"'=:,;()]+\.[^\s<>\"'=:,;()]+")

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class NamelessFormatter(logging.Formatter):
    """Formats a record as ``time level logger: message``; a traceback follows without the messages of its errors.

    A database's refusal quotes the whole row, and a validation error quotes what was typed: both name people.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; tokens of private links and mail addresses are replaced by an ellipsis."""
        return _ADDRESS.sub("…@…", _PRIVATE_LINK.sub(r"\1…", super().format(record)))

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 (logging's own name)
        """Return the frames and the type of each error of the chain, and no error's message."""
        error = ei[1]
        if error is None:
            return ""
        lines: list[str] = []
        for link in _chain(error):
            lines += traceback.format_tb(link.__traceback__)
            lines.append(f"{type(link).__module__}.{type(link).__qualname__}\n")
        return "".join(lines).rstrip()


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links[::-1]
