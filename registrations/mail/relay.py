"""Hands a finished message to the next station: an SMTP relay, or a folder in the demo. Says what its answer means."""

import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol, Self

from django.conf import settings

#: Seconds for each answer of the relay where the settings name none.
TIMEOUT = 10


#: Answers that say that we are not signed in as we should be (RFC 4954), whatever they answer.
ABOUT_SIGN_IN = frozenset({530, 534, 535, 538})
#: Refusals at MAIL FROM that concern the size or the parameters of one mail (RFC 1870, RFC 5321).
ABOUT_THIS_MAIL = frozenset({552, 555})


class RelayClosed(Exception):
    """The relay takes no mail from us now (refused connection, sign-in, sender): says nothing about this mail."""


class Postponed(Exception):
    """The relay said: not now. `is_uncertain`: the message may have gone out although no answer came."""

    def __init__(self, reason: str, *, is_uncertain: bool = False) -> None:
        super().__init__(reason)
        self.is_uncertain = is_uncertain


class Rejected(Exception):
    """The receiving side refuses this mail for good."""


class Relay(Protocol):
    """A station that takes messages, one connection for many. Use it as a context."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def hand_over(
        self, *, name: str, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]
    ) -> None:
        """Deliver one message; calls `before_data` when only the message itself is still to be sent.

        Raises RelayClosed, Postponed, Rejected, or what `before_data` raises.
        """


def open_relay() -> Relay:
    """The relay of the settings (EMAIL_URL): a folder or an SMTP server."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    return FolderRelay(Path(folder)) if folder else SmtpRelay()


class FolderRelay:
    """Writes each message to `<name>.eml`, whole or not at all; a repeat overwrites itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing stays open."""

    def hand_over(
        self, *, name: str, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]
    ) -> None:
        before_data()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
                file.write(message)
            Path(file.name).replace(self._folder / f"{name}.eml")
        except OSError as error:
            raise RelayClosed(f"The mail folder takes no file ({type(error).__name__}).") from error


class SmtpRelay:
    """One SMTP connection, opened at the first message and kept until the context ends or it breaks."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._hang_up()

    def hand_over(
        self, *, name: str, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]
    ) -> None:
        smtp = self._connection()
        self._envelope(smtp, sender=sender, recipient=recipient, size=len(message))
        try:
            before_data()
        except Exception:
            self._reset(smtp)
            raise
        try:
            code, _ = smtp.data(message)
        except smtplib.SMTPDataError as error:
            self._hang_up()
            raise _verdict(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise Postponed(f"No answer after the message ({type(error).__name__}).", is_uncertain=True) from error
        if code != 250:
            self._reset(smtp)
            raise _verdict(code)

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = _connect()
            except (OSError, smtplib.SMTPException) as error:
                raise RelayClosed(f"The relay does not let us in ({_name(error)}).") from error
        return self._smtp

    def _envelope(self, smtp: smtplib.SMTP, *, sender: str, recipient: str, size: int) -> None:
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        if smtp.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        try:
            code, _ = smtp.mail(sender, options)
            if code == 250:
                code, _ = smtp.rcpt(recipient)
                is_about_sender = False
            else:
                is_about_sender = True
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise Postponed(f"The connection broke ({_name(error)}).") from error
        if code in (250, 251):
            return
        self._reset(smtp)
        if is_about_sender and code >= 500 and code not in ABOUT_THIS_MAIL:
            raise RelayClosed(f"The relay refuses us as sender ({code}).")
        raise _verdict(code)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._hang_up()

    def _hang_up(self) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None


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


def _verdict(code: int) -> Exception:
    # The relay's own words may quote the address, so only its number is kept.
    if code == 421:
        return Postponed("The relay is busy (421).")
    if code in ABOUT_SIGN_IN:
        return RelayClosed(f"The relay wants us to sign in ({code}).")
    return Rejected(f"Refused for good ({code}).") if code >= 500 else Postponed(f"Not now ({code}).")


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return str(code) if code else type(error).__name__
