"""Who a person says they are, and how an address is recognised again. Pure."""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass

import idna

from ranportal.shared.crypto import keyed_digest


@dataclass(frozen=True)
class PersonDetails:
    """What each form asks about the person, cleaned. `country`: ISO 3166 or XK; `profession`: a Profession."""

    given_name: str
    family_name: str
    display_name: str
    email: str
    country: str
    organisation: str
    profession: str


def canonical_address(email: str) -> str:
    """The address in the one form in which it is compared: trimmed, NFKC, lower case, its domain in IDNA."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    domain = domain.rstrip(".")
    # A domain that IDNA refuses was refused by the form; a keyed digest of it still finds nobody.
    with suppress(idna.IDNAError):
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"


def address_index(email: str) -> str:
    """The keyed digest (64 hex digits) under which an address is looked up without being stored twice."""
    return keyed_digest("address", canonical_address(email))
