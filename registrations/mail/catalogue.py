"""Renders mails: three templates a kind, and a calendar entry where a place is confirmed.

What is rendered carries marks where the address, the private link and the code go in at hand-over; they stand in no
row.
"""

import hashlib
import textwrap
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache

import css_inline
from django.conf import settings
from django.template.loader import get_template, render_to_string
from icalendar import Calendar, Event

from registrations.enums import MailKind
from registrations.mail import facts
from registrations.models import OutgoingMail

ADDRESS_MARK = "address.mark@ran.invalid"
LINK_MARK = "PRIVATE-LINK-MARK"
#: Templates part the code into two groups of four, so its mark stands in the message parted.
CODE_TYPED = "CODEMARK"
CODE_MARK = "CODE MARK"
#: What people see in place of the live link.
LINK_SHOWN = "…"
CODE_SHOWN = "•••• ••••"
#: Characters a line of a text part, so that it reads well when quoted.
TEXT_WIDTH = 76

PARTS = ("subject.txt", "body.txt", "body.html")

_WITH_CALENDAR = {MailKind.CONFIRMED, MailKind.SELECTED, MailKind.PROMOTED, MailKind.EVENT_CHANGED}
#: Where the links of mails lead to that have no private link of a registration.
_LINK_PATHS = {MailKind.STAFF_RESET: "accounts/password/reset/key", MailKind.VOUCH_ASKED: "registrations/contact"}
_POLICY = SMTP.clone(cte_type="8bit")


@dataclass(frozen=True)
class Preview:
    """A mail as its reader sees it, without the live link."""

    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]


@cache
def template_version(kind: str) -> str:
    """Twelve hex digits that change when a word of this kind's three templates changes."""
    sources = [get_template(f"mail/{kind}/{part}").template.source for part in PARTS]  # type: ignore[attr-defined]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()[:12]


def render(mail: OutgoingMail) -> bytes:
    """The whole message with its marks, the same bytes for the same row. Raises what the templates raise."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(settings.MAIL_FROM)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = ADDRESS_MARK
    said = facts.said_in(mail)
    if said["reply_to"]:
        message["Reply-To"] = said["reply_to"]
    message["Subject"] = subject(mail)
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_wrapped(_part(mail, "body.txt")), cte="8bit")
    message.add_alternative(css_inline.inline(_part(mail, "body.html")), subtype="html", cte="8bit")
    if mail.kind in _WITH_CALENDAR and said["calendar"]:
        entry = calendar(mail).decode()
        message.add_attachment(
            entry, subtype="calendar", cte="8bit", filename="calendar.ics", params={"method": "PUBLISH"}
        )
    _freeze_boundaries(message, mail.message_id)
    return message.as_bytes()


def subject(mail: OutgoingMail) -> str:
    """The subject of the mail, on one line, as its frozen facts make it."""
    return " ".join(_part(mail, "subject.txt").split())


def preview(mail: OutgoingMail) -> Preview:
    """What the reader sees: from the stored bytes, or from the frozen facts when nobody has claimed the row yet."""
    message = message_from_bytes(bytes(mail.rendered or render(mail)), policy=_POLICY)
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    return Preview(
        subject=str(message["Subject"]),
        text=_without_marks(text.get_content() if text else ""),
        html=_without_marks(html.get_content() if html else ""),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )


def calendar(mail: OutgoingMail) -> bytes:
    """The neutral calendar entry: no title, no place, no link; instants in UTC, days without hours as dates."""
    meeting = mail.facts["calendar"]
    entries = Calendar()
    entries.add("prodid", "-//RAN events portal//EN")
    entries.add("version", "2.0")
    entries.add("method", "PUBLISH")
    for number, (starts, ends) in enumerate(meeting["sessions"], start=1):
        entry = Event()
        entry.add("uid", f"{number}-{meeting['uid']}")
        entry.add("sequence", meeting["sequence"])
        entry.add("dtstamp", mail.date)
        entry.add("dtstart", _moment(starts))
        entry.add("dtend", _moment(ends))
        entry.add("summary", f"{mail.facts['what']} {mail.facts['reference']}")
        entry.add("class", "PRIVATE")
        entries.add_component(entry)
    return entries.to_ical()


def boundary(message_id: str, number: int) -> str:
    """The line between the parts of this message: the same each time, and guessed by nobody."""
    return "part-" + hashlib.sha256(f"{message_id}{number}".encode()).hexdigest()[:32]


def _moment(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _part(mail: OutgoingMail, part: str) -> str:
    said = facts.said_in(mail)
    context = {
        **said,
        "private_link": _link(mail),
        "code": CODE_TYPED if said["has_code"] else "",
    }
    return render_to_string(f"mail/{mail.kind}/{part}", context)


def _link(mail: OutgoingMail) -> str:
    path = _LINK_PATHS.get(MailKind(mail.kind), "registrations/p" if mail.link_id else "")
    return f"{settings.SITE_URL}/{path}/{LINK_MARK}/" if path else ""


def _wrapped(text: str) -> str:
    """The text with paragraphs wrapped again where the words that were filled in made a line too long.

    Addresses and lists keep their lines.
    """
    paragraphs = text.split("\n\n")
    return "\n\n".join(_wrap(paragraph) for paragraph in paragraphs)


def _wrap(paragraph: str) -> str:
    lines = paragraph.split("\n")
    is_prose = "://" not in paragraph and not any(line.startswith((" ", "-")) for line in lines)
    if not is_prose or max(map(len, lines)) <= TEXT_WIDTH:
        return paragraph
    return textwrap.fill(paragraph.strip("\n"), TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def _freeze_boundaries(message: EmailMessage, message_id: str) -> None:
    multiparts = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        part.set_boundary(boundary(message_id, number))


def _without_marks(text: str) -> str:
    return text.replace(LINK_MARK, LINK_SHOWN).replace(CODE_MARK, CODE_SHOWN)
