"""Sealed rows as tests find, read and change them: no query reads what they say."""

from registrations.models import Identity, Registration
from registrations.people import address_index


def of_address(email: str) -> Registration:
    """The only registration with this address."""
    return Registration.objects.get(address_index=address_index(email))


def addresses() -> list[str]:
    """The addresses of all registrations, in the order of arrival."""
    return [identity.email for identity in Identity.objects.order_by("pk")]


def write(registration: Registration | int, **parts: str) -> None:
    """Have the identity of this registration say something else; its index stays."""
    identity = Identity.objects.get(registration=registration)
    for name, said in parts.items():
        setattr(identity, name, said)
    identity.save()
