"""THE register: what we hold about people, what for, by what right, who sees it and when it goes. Pure.

What forms say beside their fields, the privacy statement, what a person downloads and the record of processing are made
from it. A column that stands nowhere here fails `tests/registrations/test_field_register.py`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from registrations.enums import AskedOf, Audience, KeptFor, LegalBasis
from registrations.field_register.extras import LEAST_LISTED, TEXTS, ExtraText
from registrations.field_register.nothing import NOTHING, TECHNICAL
from registrations.field_register.people import CLEARANCE, OUTCOME, PEOPLE, SENSITIVE
from registrations.field_register.shapes import USUAL_DAYS, Entry, Kept, Nothing, Reader, joined
from registrations.field_register.staff import STAFF

__all__ = [
    "ENTRIES",
    "LEAST_LISTED",
    "NOTHING",
    "OUTCOME",
    "PEOPLE",
    "STAFF",
    "TECHNICAL",
    "TEXTS",
    "USUAL_DAYS",
    "Care",
    "Entry",
    "ExtraText",
    "Kept",
    "Nothing",
    "Reader",
    "care_of",
    "entry_of",
    "is_free",
    "kept_for",
    "legal_basis",
    "parts_about_person",
]

ENTRIES = (*PEOPLE, *STAFF)

_USUAL_PURPOSE = {
    AskedOf.EVERYONE: "To select, where places are limited, and to prepare the event.",
    AskedOf.SELECTED: "To prepare the event for you.",
}
_KEPT = {KeptFor.OUTCOME: OUTCOME, KeptFor.SENSITIVE: SENSITIVE, KeptFor.CLEARANCE: CLEARANCE}


class Asked(Protocol):
    """What is needed of a question here; `registrations.models.Question` is one."""

    label: str
    audience: str
    asked_of: str
    is_sensitive: bool
    purpose: str
    legal_basis: str
    kept_for: str


@dataclass(frozen=True)
class Care:
    """What is said about one field of a form."""

    what: str
    purpose: str
    basis: LegalBasis
    readers: tuple[Reader, ...]
    kept: Kept

    def sees(self) -> str:
        """Who sees it, in words."""
        return joined([str(reader.label) for reader in self.readers])


def legal_basis(*, is_sensitive: bool, basis: str) -> LegalBasis:
    """The basis of a question: what is sensitive rests on explicit consent, or on a duty by law, on nothing less."""
    if is_sensitive and basis != LegalBasis.LEGAL_DUTY:
        return LegalBasis.EXPLICIT_CONSENT
    return LegalBasis(basis)


def is_free(*, is_sensitive: bool, basis: str) -> bool:
    """Whether a question rests on consent: nobody must answer it, and an answer is taken back at any time."""
    return legal_basis(is_sensitive=is_sensitive, basis=basis) in (LegalBasis.CONSENT, LegalBasis.EXPLICIT_CONSENT)


def kept_for(*, is_sensitive: bool, kept_for: str) -> KeptFor:
    """How long answers to a question are kept: what is sensitive goes soon after the event at the latest."""
    return KeptFor.SENSITIVE if is_sensitive and kept_for == KeptFor.OUTCOME else KeptFor(kept_for)


def care_of(question: Asked) -> Care:
    """What is said about the answers to a question."""
    readers = [Reader.PERSON, Reader.ORGANISERS]
    if question.audience == Audience.REVIEWERS:
        readers.append(Reader.REVIEWERS)
    if question.asked_of == AskedOf.SELECTED:
        readers.append(Reader.LOGISTICS)
    return Care(
        what=question.label,
        purpose=question.purpose or _USUAL_PURPOSE[AskedOf(question.asked_of)],
        basis=legal_basis(is_sensitive=question.is_sensitive, basis=question.legal_basis),
        readers=tuple(readers),
        kept=_KEPT[kept_for(is_sensitive=question.is_sensitive, kept_for=question.kept_for)],
    )


@lru_cache
def entry_of(name: str) -> Entry:
    """The entry that holds a column, as "registrations.Identity.email". Raises LookupError."""
    for entry in ENTRIES:
        if name in entry.names():
            return entry
    raise LookupError(name)


def parts_about_person() -> set[str]:
    """All that we hold about people who register, as "app.Model.field": what an export is complete with."""
    return {name for entry in PEOPLE for name in entry.names()}
