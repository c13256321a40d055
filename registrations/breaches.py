"""Who was affected: the people behind a look, behind all looks of an account, or behind the key of a call."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations.access_reports import subject_of
from registrations.models import AccessEntry, Registration
from registrations.models.registration import ERASED

_CHUNK = 2000


class NothingSuch(Refused):
    """There is no such look, account or call."""


@dataclass(frozen=True)
class Affected:
    """The registrations of which something was seen. `gone` are subjects of looks whose rows are deleted by now."""

    registrations: tuple[Registration, ...]
    gone: int

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
    """Everybody whose words the key of this call opens: all of its people who are not erased. Raises NothingSuch."""
    call = Call.objects.filter(event__slug=slug).first()
    if call is None:
        raise NothingSuch(f"No call has the event {slug}.")
    people = Registration.objects.filter(call=call).exclude(address_index__startswith=ERASED)
    return Affected(tuple(people.select_related("call__event", "identity")), gone=0)


def _behind(looks: Iterable[AccessEntry]) -> Affected:
    subjects = {subject for look in looks for subject in look.subjects}
    pks = [pk for pk, reference in _references() if subject_of(reference) in subjects]
    found: list[Registration] = []
    for start in range(0, len(pks), _CHUNK):
        people = Registration.objects.filter(pk__in=pks[start : start + _CHUNK])
        found += people.select_related("call__event", "identity").order_by("pk")
    return Affected(tuple(found), gone=len(subjects) - len(found))


def _references() -> Iterator[tuple[int, str]]:
    return Registration.objects.order_by("pk").values_list("pk", "reference").iterator(chunk_size=_CHUNK)
