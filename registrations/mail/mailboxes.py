"""The mailbox to which mails come back: a Maildir, or a folder of an IMAP server. Nothing in it is ever deleted."""

import imaplib
import logging
import os
import re
import ssl
from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Protocol, Self

from django.conf import settings

from registrations.mail import failures

logger = logging.getLogger(__name__)

#: Seconds for each answer of the server.
PATIENCE = 20
#: Reports that are read at a time, the newest first.
MOST_AT_ONCE = 500

_HEAD = 64 * 1024
_SEEN = re.compile(r":2,(?P<flags>[A-Za-z]*)$")


class MailboxAway(Exception):
    """The mailbox cannot be read now, or never with these settings; the message is one line for the operator."""


class Mailbox(Protocol):
    """Use it as a context. All of it raises MailboxAway."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def unseen_reports(self) -> Iterator[tuple[str, bytes]]:
        """The reports that nobody has seen: a handle, and the first READ_AT_MOST bytes. Other mail is not touched."""

    def mark_seen(self, handle: str) -> None:
        """Note that this one has been dealt with."""


def open_mailbox() -> Mailbox | None:
    """The mailbox of the settings (BOUNCES), or None where none is named."""
    where = settings.BOUNCES
    if where is None:
        return None
    return Maildir(Path(where["folder"])) if "folder" in where else Imap(**where)


class Maildir:
    """A folder with `new` and `cur`, as mail servers on the same machine deliver into."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        if not (self._folder / "new").is_dir() or not (self._folder / "cur").is_dir():
            raise MailboxAway("BOUNCES_URL names no Maildir: there is no new/ and cur/ in it.")
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing stays open."""

    def unseen_reports(self) -> Iterator[tuple[str, bytes]]:
        try:
            places = [path for part in ("new", "cur") for path in (self._folder / part).iterdir()]
        except OSError as error:
            raise MailboxAway(f"The Maildir of BOUNCES_URL cannot be read ({error.strerror}).") from error
        newest = sorted((path for path in places if not _is_seen(path)), key=lambda path: path.name, reverse=True)
        found = 0
        for path in newest:
            content = _start_of(path)
            if content is not None:
                found += 1
                yield str(path.relative_to(self._folder)), content
            if found == MOST_AT_ONCE:
                return

    def mark_seen(self, handle: str) -> None:
        path = self._folder / handle
        name, _, flags = path.name.partition(":2,")
        target = self._folder / "cur" / f"{name}:2,{''.join(sorted({*flags, 'S'}))}"
        try:
            path.rename(target)
        except FileNotFoundError:
            # Somebody else has moved it: a person, or another machine that read it at the same time.
            return
        except OSError as error:
            raise MailboxAway(f"The Maildir of BOUNCES_URL takes no flag ({error.strerror}).") from error


def _is_seen(path: Path) -> bool:
    flags = _SEEN.search(path.name)
    return path.name.startswith(".") or bool(flags and "S" in flags["flags"])


def _carefully(path: str, flags: int) -> int:
    """Never through a link, and never waiting for a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _start_of(path: Path) -> bytes | None:
    """The first bytes of a report, or None for other mail and for what has gone meanwhile."""
    try:
        with open(path, "rb", opener=_carefully) as stored:
            head = stored.read(_HEAD)
            kind = BytesHeaderParser(policy=policy.compat32).parsebytes(head)["Content-Type"]
            return head + stored.read(failures.READ_AT_MOST - _HEAD) if failures.is_report(str(kind or "")) else None
    except (OSError, ValueError):
        return None


class Imap:
    """A folder of an IMAP server, read with PEEK: only what was dealt with is marked as seen."""

    def __init__(self, *, host: str, port: int, user: str, password: str, mailbox: str, is_tls: bool) -> None:
        self._where = (host, port)
        self._user, self._password, self._mailbox, self._is_tls = user, password, mailbox, is_tls
        self._server: imaplib.IMAP4 | None = None

    def __enter__(self) -> Self:
        host, port = self._where
        try:
            self._server = (
                imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=PATIENCE)
                if self._is_tls
                else imaplib.IMAP4(host, port, timeout=PATIENCE)
            )
            self._server.login(self._user, self._password)
            self._asked(*self._server.select(f'"{self._mailbox}"'))
        except (OSError, imaplib.IMAP4.error) as error:
            self._hang_up()
            # Without the server's words, which may quote the account.
            raise MailboxAway(f"The mailbox of BOUNCES_URL lets us not in ({type(error).__name__}).") from error
        return self

    def __exit__(self, *exc: object) -> None:
        self._hang_up()

    def unseen_reports(self) -> Iterator[tuple[str, bytes]]:
        numbers = self._uid("SEARCH", "UNSEEN", "HEADER", "Content-Type", "multipart/report")
        found = b" ".join(part for part in numbers if isinstance(part, bytes)).split()
        for number in sorted(map(int, found), reverse=True)[:MOST_AT_ONCE]:
            answer = self._uid("FETCH", str(number), f"(BODY.PEEK[]<0.{failures.READ_AT_MOST}>)")
            content = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if content is not None:
                yield str(number), content

    def mark_seen(self, handle: str) -> None:
        self._uid("STORE", handle, "+FLAGS.SILENT", r"(\Seen)")

    def _uid(self, command: str, *words: str) -> list[Any]:
        if self._server is None:
            raise MailboxAway("The mailbox is not open.")
        try:
            return self._asked(*self._server.uid(command, *words))
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxAway(f"The mailbox of BOUNCES_URL broke off ({type(error).__name__}).") from error

    @staticmethod
    def _asked(state: str, answer: list[Any]) -> list[Any]:
        if state != "OK":
            raise imaplib.IMAP4.error("refused")
        return answer

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.logout()
            except (OSError, imaplib.IMAP4.error):
                server.shutdown()
