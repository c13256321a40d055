"""What the register says about one thing that we hold: shapes and names, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from django.db.models import TextChoices

from registrations.enums import LegalBasis

#: How many days each rule of a call's KeepingRules usually says.
USUAL_DAYS: Mapping[str, int] = MappingProxyType(
    {"unproven_days": 7, "clearance_days": 1, "sensitive_days": 14, "declined_days": 90, "selected_days": 365}
)

#: Mails are kept so long after they were sent, or ended otherwise; so are bounces, and what the daily checks found.
MAILS_KEPT = timedelta(days=90)
#: Forms that staff sent without being signed in any more, and wrong passwords.
DRAFTS_KEPT = timedelta(days=1)
#: What staff did in the administration, and where they looked.
HISTORY_KEPT = timedelta(days=730)
#: Counter cards, after the newest event that they count.
CARDS_KEPT = timedelta(days=730)
#: A call for help that nobody has answered, after the event: long after the last private link has ended.
OPEN_ALARMS_KEPT = timedelta(days=90)


class Reader(TextChoices):
    """Who may see something, beside what the law may ask for; the label is how the person reads it."""

    PERSON = "person", "you"
    TOLD = "told", "you, after the release"
    ON_REQUEST = "on_request", "you, from the data protection officer, if you ask"
    ORGANISERS = "organisers", "the organisers of your event"
    REVIEWERS = "reviewers", "the reviewers of your event, without your name"
    LOGISTICS = "logistics", "those who prepare rooms, food and access, once you have a place"
    PARTICIPANTS = "participants", "other participants"
    CONTACT_POINT = "contact_point", "the contact point whom you named"
    OFFICER = "officer", "the data protection officer"
    STAFF = "staff", "the member of staff whom it is about"
    ADMINISTRATORS = "administrators", "administrators of the portal"
    NOBODY = "nobody", "nobody: only the portal itself reads it"


@dataclass(frozen=True)
class Kept:
    """How long: in words, where `{rule}` stands for the days of a rule of the call, `{time}` for what is always so."""

    words: str
    rules: tuple[str, ...] = ()
    time: timedelta | None = None

    def said(self, days: Mapping[str, int] | None = None) -> str:
        """How long in words, with these days by rule (those of a call), or with the usual ones."""
        known = {**USUAL_DAYS, **(days or {})}
        said = {rule: period(known[rule]) for rule in self.rules}
        return self.words.format(**said, **({"time": period(self.time.days)} if self.time else {}))


@dataclass(frozen=True)
class Entry:
    """One thing that we hold: what it is, in which columns, and what the law asks us to say about it.

    `columns` names by model ("app.Model") the fields, or the parts of sealed ones, with spaces between.
    `is_about_staff` tells what we hold about people who work here.
    """

    what: str
    columns: Mapping[str, str]
    purpose: str
    basis: LegalBasis
    readers: tuple[Reader, ...]
    kept: Kept
    is_about_staff: bool = False

    def names(self) -> set[str]:
        """Its columns as "app.Model.field"."""
        return {f"{model}.{name}" for model, names in self.columns.items() for name in names.split()}

    def sees(self) -> str:
        """Who sees it, in words."""
        return joined([str(reader.label) for reader in self.readers])


@dataclass(frozen=True)
class Nothing:
    """Columns that say nothing about a person, and why; "*" is all that no other line names."""

    why: str
    columns: Mapping[str, str]

    def names(self) -> set[str]:
        """Its columns as "app.Model.field"."""
        return {f"{model}.{name}" for model, names in self.columns.items() for name in names.split()}


def period(days: int) -> str:
    """Days as people say them: "1 day", "14 days", "3 months"."""
    if days >= 60 and (days % 30 == 0 or days in (365, 730)):
        return f"{round(days / 30.4)} months"
    return f"{days} day{'' if days == 1 else 's'}"


def joined(words: list[str]) -> str:
    """Words as a list whose items may hold commas: "a; b; c"."""
    return "; ".join(words)
