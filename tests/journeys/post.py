"""What lies in people's mailboxes: the mails that this test's portal has handed over."""

import re
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from icalendar import Calendar

from ranportal.shared import clock
from registrations.mail import delivery

_LINK = re.compile(r"^(https?://\S+/registrations/p/\S+/)$", re.MULTILINE)
_CODE = re.compile(r"^ *(\d{4}) (\d{4})$", re.MULTILINE)
_A_MINUTE = 60  # seconds


class Post:
    """All mailboxes. `deliver()` drains the outbox in this process; `wait_for` waits for a worker that does it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self) -> int:
        """Send what is due; returns how many mails that were."""
        return delivery.drain(clock=clock.now, seconds=_A_MINUTE)

    def of(self, address: str) -> list[EmailMessage]:
        """The mails in this mailbox, the oldest first."""
        return [mail for mail in self.all() if mail["To"] == address]

    def newest(self, address: str) -> EmailMessage:
        """The newest mail in this mailbox."""
        return self.of(address)[-1]

    def all(self) -> list[EmailMessage]:
        """Every mail, the oldest first. Their files are named by date and number."""
        files = sorted(self._folder.glob("*.eml"), key=lambda file: int(file.name.split("-")[1]))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]

    def wait_for(self, address: str, number: int) -> EmailMessage:
        """Wait until so many mails lie in this mailbox; returns the newest."""
        end = time.monotonic() + _A_MINUTE
        while len(mails := self.of(address)) < number:
            assert time.monotonic() < end, f"{len(mails)} of {number} mails came"
            time.sleep(0.05)
        assert len(mails) == number
        return mails[-1]


def text_of(mail: EmailMessage) -> str:
    """The text part, as one line where it is wrapped."""
    return " ".join(_text(mail).split())


def link_in(mail: EmailMessage) -> str:
    """The private link: a bare address on a line of its own, once."""
    (link,) = _LINK.findall(_text(mail))
    return link


def code_in(mail: EmailMessage) -> str:
    """The eight digits, as they stand in the mail."""
    (code,) = _CODE.findall(_text(mail))
    return " ".join(code)


def calendar_in(mail: EmailMessage) -> list[dict[str, Any]]:
    """Each entry of the calendar that comes with the mail: its properties, moments as they are meant."""
    (part,) = mail.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("text/calendar", "calendar.ics")
    entries = Calendar.from_ical(part.get_content()).walk("VEVENT")
    return [{name.lower(): _plain(value) for name, value in entry.items()} for entry in entries]


def _plain(value: Any) -> Any:
    return value.dt if hasattr(value, "dt") else str(value)


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return "\n".join(part.get_content().splitlines())
