"""Who registered with one address. Several people may share it, and each has the rights about the own part alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from registrations.identity_checks import folded_name
from registrations.models import Registration
from registrations.models.sealed import ERASED, UNREADABLE
from registrations.people import address_index


@dataclass(frozen=True)
class Holder:
    """One person of an address, as far as names tell: the name as it was first written, and the registrations."""

    name: str
    registrations: tuple[Registration, ...]


def with_address(email: str) -> list[Registration]:
    """All registrations of exactly this address, over all calls, with call, event and identity; the oldest first."""
    found = Registration.objects.filter(address_index=address_index(email))
    return list(found.select_related("call__event", "identity").order_by("pk"))


def proven_like(registration: Registration) -> list[Registration]:
    """The registrations of the same address whose people proved it."""
    found = Registration.objects.filter(address_index=registration.address_index, proven_at__isnull=False)
    return list(found.select_related("identity").order_by("pk"))


def people_of(email: str) -> list[Holder]:
    """The people behind this address, in the order in which they first registered."""
    return people_behind(with_address(email))


def people_behind(registrations: Iterable[Registration]) -> list[Holder]:
    """The people behind these registrations of one address, in the order of each one's first.

    Names that differ in case, accents, hyphens or order are one person. Who was registered beside somebody in the same
    call is another one, whatever the names; and a name that nothing opens any more is taken for nobody else's.
    """
    people: list[list[Registration]] = []
    named: dict[str, list[list[Registration]]] = defaultdict(list)
    for one in registrations:
        key = _key(one)
        own = next((held for held in named[key] if not any(_is_beside(one, other) for other in held)), None)
        if own is None:
            own = []
            people.append(own)
            named[key].append(own)
        own.append(one)
    return [Holder(_name(held[0]), tuple(held)) for held in people]


def is_shared(registrations: Iterable[Registration]) -> bool:
    """Whether these registrations of one address are not all of one person."""
    return len(people_behind(registrations)) > 1


def _is_beside(one: Registration, other: Registration) -> bool:
    return one.call_id == other.call_id and one.same_address_number != other.same_address_number


def _key(registration: Registration) -> str:
    said = (registration.identity.given_name, registration.identity.family_name)
    is_open = any(said) and not {ERASED, UNREADABLE} & set(said)
    return (is_open and folded_name(*said)) or registration.reference


def _name(registration: Registration) -> str:
    return f"{registration.identity.given_name} {registration.identity.family_name}".strip()
