"""The privacy statement: made from its text and the field register, and the version by which it is known.

The text stands in templates/registrations/statement/_text.html. A change of one word there, in the register or in the
contacts is another version by itself.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from registrations.field_register import LEAST_LISTED, PEOPLE, STAFF, TEXTS, Reader
from registrations.field_register.people import CARD, CLEARANCE, HELP, LOOKS, MAILS, OUTCOME, SENSITIVE

#: Each wording that was ever published: since when, and the digest of its text with the demo's contacts. The last line
#: is the one in force; `tests/registrations/test_statement.py` says what to add after a change.
VERSIONS: tuple[tuple[date, str], ...] = ((date(2026, 11, 22), "b0f3ed2c"),)


@dataclass(frozen=True)
class Contacts:
    """Who answers for the data: the controller and its mailbox, the officer's, and the number of the record."""

    controller: str
    controller_email: str
    officer_email: str
    record: str

    @property
    def is_example(self) -> bool:
        """Whether one of them is still the demo's."""
        return "example.org" in f"{self.controller_email} {self.officer_email}" or "EXAMPLE" in self.record


def contacts() -> Contacts:
    """The contacts of this installation, from its settings."""
    return Contacts(
        controller=settings.PRIVACY_CONTROLLER,
        controller_email=settings.PRIVACY_EMAIL,
        officer_email=settings.DPO_EMAIL,
        record=settings.PRIVACY_RECORD,
    )


def text() -> SafeString:
    """The ten headings with what stands below them, as HTML."""
    return _text(contacts())


def version() -> str:
    """The version in force, as "2026-11-22-1a2b3c4d": since when, and the digest of its text."""
    return f"{dated().isoformat()}-{digest(text())}"


def dated() -> date:
    """Since when the present wording is in force."""
    return VERSIONS[-1][0]


@lru_cache
def digest(html: str) -> str:
    """Eight hex digits that name a text, however its lines are broken."""
    return hashlib.sha256(" ".join(strip_tags(html).split()).encode()).hexdigest()[:8]


@lru_cache
def _text(contacts: Contacts) -> SafeString:
    told = {
        "people": PEOPLE,
        "staff": STAFF,
        "extras": TEXTS.values(),
        "readers": [(reader.label, _seen_by(reader)) for reader in _SAID_ABOUT],
        "ends": [("Your registration", OUTCOME), *_ENDS],
        "least_listed": LEAST_LISTED,
        "contacts": contacts,
    }
    return render_to_string("registrations/statement/_text.html", told)


_ENDS = (
    ("What you need at the event, and what else is sensitive", SENSITIVE),
    ("What a house must know to let you in", CLEARANCE),
    ("A call for help", HELP),
    ("Mails", MAILS),
    ("Counter card", CARD),
    ("Who looked at your data", LOOKS),
)
_SAID_ABOUT = (
    Reader.ORGANISERS,
    Reader.REVIEWERS,
    Reader.LOGISTICS,
    Reader.PARTICIPANTS,
    Reader.CONTACT_POINT,
    Reader.OFFICER,
)


def _seen_by(reader: Reader) -> list[str]:
    return [entry.what for entry in PEOPLE if reader in entry.readers]
