"""Hands a finished message to the next station: an SMTP relay, or a folder in the demo. Says what its answer means."""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from django.conf import settings

#: Seconds for each answer of the relay where the settings name none.
TIMEOUT = 10
#: The relay ends the connection (RFC 5321).
BUSY = 421
#: Go on with the message (RFC 5321).
_START = 354
_BUSY = f"The relay is busy ({BUSY})."

#: Answers that say that we are not signed in as we should be (RFC 4954), whatever they answer.
ABOUT_SIGN_IN = frozenset({530, 534, 535, 538})
#: Refusals at MAIL FROM that concern the size or the parameters of one mail (RFC 1870, RFC 5321).
ABOUT_THIS_MAIL = frozenset({552, 555})


class RelayClosed(Exception):
    """The relay takes no mail from us now (refused connection, sign-in, sender): says nothing about this mail.

    `is_for_reader`: it let us in, and said so only about this mail's reader; others may go.
    """

    def __init__(self, reason: str, *, is_for_reader: bool = False) -> None:
        super().__init__(reason)
        self.is_for_reader = is_for_reader


class Postponed(Exception):
    """The relay said: not now. `is_uncertain`: the message may have gone out although no answer came."""

    def __init__(self, reason: str, *, is_uncertain: bool = False) -> None:
        super().__init__(reason)
        self.is_uncertain = is_uncertain


class Stale(Exception):
    """A connection that was open before has ended meanwhile: says nothing about this mail nor about the next one."""


class Rejected(Exception):
    """The receiving side refuses this mail for good."""


@dataclass(frozen=True)
class Envelope:
    """One message (bytes with CRLF lines), from whom and to whom; a folder keeps it under its name."""

    name: str
    sender: str
    recipient: str
    message: bytes


class Relay(Protocol):
    """A station that takes messages, one connection for many."""

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open that is worth keeping for the next messages."""

    def hang_up(self) -> None:
        """End the connection politely. The next message opens another."""

    def cut(self) -> None:
        """End the connection at once, wherever the talk stands."""

    def hand_over(self, envelope: Envelope, *, before_data: Callable[[], None], meanwhile: Callable[[], None]) -> None:
        """Deliver one message. Calls `before_data` before the message itself goes, when the relay took sender and
        recipient or thinks about them, and `meanwhile` when it thinks about the message.

        Raises RelayClosed, Stale, Postponed, Rejected, or what `before_data` raises. After Stale the next try is made
        on a new connection.
        """


def open_relay() -> Relay:
    """The relay of the settings (EMAIL_URL): a folder or an SMTP server."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    return FolderRelay(Path(folder)) if folder else SmtpRelay()


def where() -> tuple[str | int | bool | None, ...]:
    """The address at which the settings' relay stands, and how it is spoken to."""
    names = ("EMAIL_FILE_PATH", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_USE_SSL", "EMAIL_USE_TLS")
    return tuple(getattr(settings, name, None) for name in names)


class FolderRelay:
    """Writes each message to `<name>.eml`, whole or not at all; a repeat overwrites itself."""

    is_connected = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hang_up(self) -> None:
        """Nothing is open."""

    def cut(self) -> None:
        """Nothing is open."""

    def hand_over(self, envelope: Envelope, *, before_data: Callable[[], None], meanwhile: Callable[[], None]) -> None:
        before_data()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
                file.write(envelope.message)
            Path(file.name).replace(self._folder / f"{envelope.name}.eml")
        except OSError as error:
            raise RelayClosed(f"The mail folder takes no file ({type(error).__name__}).") from error


class SmtpRelay:
    """One SMTP connection, opened at the first message and kept until somebody hangs up or it breaks."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    @property
    def is_connected(self) -> bool:
        return self._smtp is not None

    def hang_up(self) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None

    def cut(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def hand_over(self, envelope: Envelope, *, before_data: Callable[[], None], meanwhile: Callable[[], None]) -> None:
        was_open = self.is_connected
        try:
            smtp = self._offered(envelope, before_data=before_data)
        except Postponed as ended:
            if was_open and not self.is_connected:
                raise Stale from ended
            raise
        try:
            code = _START
            if smtp.has_extn("chunking"):
                # One step less (RFC 3030), and no line has to be looked at.
                smtp.send(b"BDAT %d LAST\r\n" % len(envelope.message) + envelope.message)
            elif (code := smtp.docmd("DATA")[0]) == _START:
                smtp.send(_with_dots_doubled(envelope.message) + b".\r\n")
            if code == _START:
                meanwhile()
                code, _ = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.cut()
            raise Postponed(f"No answer after the message ({type(error).__name__}).", is_uncertain=True) from error
        if code != 250:
            self._after(code, smtp)
            raise _verdict(code)

    def _offered(self, envelope: Envelope, *, before_data: Callable[[], None]) -> smtplib.SMTP:
        smtp = self._connection()
        options = [f"SIZE={len(envelope.message)}"] if smtp.has_extn("size") else []
        if smtp.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        # Written by hand: smtplib parses each address once more, and waits between the two.
        commands = [" ".join([f"MAIL FROM:<{envelope.sender}>", *options]), f"RCPT TO:<{envelope.recipient}>"]
        try:
            codes = self._said(smtp, commands, meanwhile=before_data)
        except (OSError, smtplib.SMTPException) as error:
            self.cut()
            raise Postponed(f"The connection broke ({_name(error)}).") from error
        is_about_sender = codes[0] != 250
        code = codes[0] if is_about_sender else codes[-1]
        if code in (250, 251):
            return smtp
        self._after(code, smtp)
        if is_about_sender and code >= 500 and code not in ABOUT_THIS_MAIL:
            raise RelayClosed(f"The relay refuses us as sender ({code}).")
        raise _verdict(code)

    def _said(self, smtp: smtplib.SMTP, commands: Sequence[str], *, meanwhile: Callable[[], None]) -> list[int]:
        """The answers to these commands; where the relay can take them together (RFC 2920), without waiting between."""
        codes: list[int] = []
        waiting = len(commands) if smtp.has_extn("pipelining") else 0
        if waiting:
            smtp.send("".join(f"{command}\r\n" for command in commands))
        else:
            for command in commands:
                codes.append(smtp.docmd(command)[0])
                if codes[-1] >= 300:
                    return codes
        try:
            meanwhile()
        except Exception:
            self._reset(smtp, waiting=waiting)
            raise
        return codes + [smtp.getreply()[0] for _ in range(waiting)]

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = _connect()
            except smtplib.SMTPException as error:
                raise RelayClosed(f"The relay does not let us in ({_name(error)}).") from error
            except OSError as error:
                raise RelayClosed(f"The relay does not answer ({_name(error)}).") from error
        return self._smtp

    def _after(self, refusal: int, smtp: smtplib.SMTP) -> None:
        if refusal == BUSY:
            self.cut()
        else:
            self._reset(smtp)

    def _reset(self, smtp: smtplib.SMTP, *, waiting: int = 0) -> None:
        """Forget the mail that was begun, and so many answers that were not heard yet."""
        try:
            for _ in range(waiting):
                smtp.getreply()
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.cut()


def _connect() -> smtplib.SMTP:
    where, patience = (settings.EMAIL_HOST, settings.EMAIL_PORT), settings.EMAIL_TIMEOUT or TIMEOUT
    smtp = (
        smtplib.SMTP_SSL(*where, timeout=patience, context=ssl.create_default_context())
        if settings.EMAIL_USE_SSL
        else smtplib.SMTP(*where, timeout=patience)
    )
    try:
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        else:
            smtp.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException):
        smtp.close()
        raise
    return smtp


def _with_dots_doubled(message: bytes) -> bytes:
    """The message with lines that begin with a dot as DATA wants them (RFC 5321)."""
    doubled = message.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _verdict(code: int) -> Exception:
    # The relay's own words may quote the address, so only its number is kept.
    if code == BUSY:
        return Postponed(_BUSY)
    if code in ABOUT_SIGN_IN:
        return RelayClosed(f"The relay wants us to sign in ({code}).", is_for_reader=True)
    return Rejected(f"Refused for good ({code}).") if code >= 500 else Postponed(f"Not now ({code}).")


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return str(code) if code else type(error).__name__
