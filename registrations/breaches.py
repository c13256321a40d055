"""Who was affected: the people behind a look, behind all looks of an account, or behind the key of a call.

The contact points whom these people named are affected with them, where their names stand beside: reviewers and those
who prepare rooms and food never see them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations.access_reports import role_in, subject_of
from registrations.models import AccessEntry, Registration, Vouch
from registrations.models.registration import ERASED

_CHUNK = 2000
_NEVER_SEE_CONTACTS = frozenset({Role.REVIEWER.label, Role.LOGISTICS.label})


class NothingSuch(Refused):
    """There is no such look, account or call."""


@dataclass(frozen=True)
class Affected:
    """The registrations of which something was seen, erased ones too, and the contact points seen with them.

    `gone` are subjects of looks whose rows are deleted by now; None where nobody can count them.
    """

    registrations: tuple[Registration, ...]
    contacts: tuple[Vouch, ...]
    gone: int | None

    @property
    def reachable(self) -> list[Registration]:
        """Those of whom we still know an address."""
        return [one for one in self.registrations if not one.address_index.startswith(ERASED)]


def by_look(number: int) -> Affected:
    """Whom one entry of the access log was about. Raises NothingSuch."""
    looks = AccessEntry.objects.filter(number=number)
    if not looks:
        raise NothingSuch(f"The access log has no look {number}.")
    return _behind(looks)


def by_account(email: str, *, since: datetime | None = None, until: datetime | None = None) -> Affected:
    """Whom an account looked at, from `since` on and before `until`, where these are given. Raises NothingSuch."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise NothingSuch("No account has this address.")
    looks = AccessEntry.objects.filter(user=user)
    looks = looks.filter(at__gte=since) if since else looks
    return _behind(looks.filter(at__lt=until) if until else looks)


def by_key(slug: str) -> Affected:
    """Everybody whose words the key of this call opens, or opened in a copy that was taken earlier: all of its people,
    those who were erased since by reference alone. Deleted rows are in no list. Raises NothingSuch.
    """
    call = Call.objects.filter(event__slug=slug).first()
    if call is None:
        raise NothingSuch(f"No call has the event {slug}.")
    pks = Registration.objects.filter(call=call).order_by("pk").values_list("pk", flat=True)
    return _affected(list(pks), gone=None, with_contacts=frozenset(pks))


def _behind(looks: Iterable[AccessEntry]) -> Affected:
    subjects: set[str] = set()
    beside_contacts: set[str] = set()
    for look in looks:
        subjects.update(look.subjects)
        if role_in(look) not in _NEVER_SEE_CONTACTS:
            beside_contacts.update(look.subjects)
    found = [(pk, subject) for pk, reference in _references() if (subject := subject_of(reference)) in subjects]
    with_contacts = frozenset(pk for pk, subject in found if subject in beside_contacts)
    return _affected([pk for pk, _ in found], gone=len(subjects) - len(found), with_contacts=with_contacts)


def _affected(pks: list[int], *, gone: int | None, with_contacts: frozenset[int]) -> Affected:
    found: list[Registration] = []
    contacts: list[Vouch] = []
    for start in range(0, len(pks), _CHUNK):
        chunk = pks[start : start + _CHUNK]
        people = Registration.objects.filter(pk__in=chunk)
        found += people.select_related("call__event", "identity").order_by("pk")
        named = Vouch.objects.filter(registration__in=with_contacts.intersection(chunk)).exclude(sealed=b"")
        contacts += named.select_related("registration__call__event").order_by("registration_id", "number")
    return Affected(tuple(found), tuple(contacts), gone)


def _references() -> Iterator[tuple[int, str]]:
    return Registration.objects.order_by("pk").values_list("pk", "reference").iterator(chunk_size=_CHUNK)
