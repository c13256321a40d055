"""Puts into a rendered mail what stands in no row of the outbox: the address, the private link and the code."""

from functools import lru_cache

import idna
from django.core.validators import validate_email

from accounts import reset_links
from registrations import links, vouch_links
from registrations.enums import MailKind
from registrations.mail import catalogue
from registrations.models import OutgoingMail


def as_servers_read_it(address: str) -> str:
    """The address with its domain in ASCII. Raises ValidationError or idna.IDNAError for one that is none."""
    # Whatever wrote the row: a line break in it would write headers.
    validate_email(address)
    local, _, domain = address.rpartition("@")
    return f"{local}@{_encoded(domain)}"


def filled_in(rendered: bytes, mail: OutgoingMail, *, recipient: str) -> bytes:
    """The message as it goes out."""
    filled = rendered
    if mail.kind == MailKind.STAFF_RESET and mail.user is not None:
        secret = reset_links.token_of(mail.user, at=mail.date)
        filled = filled.replace(catalogue.LINK_MARK.encode(), secret.encode())
    if mail.vouch is not None:
        filled = filled.replace(catalogue.LINK_MARK.encode(), vouch_links.token_of(mail.vouch).encode())
    if mail.link is not None:
        filled = filled.replace(catalogue.LINK_MARK.encode(), links.token_of(mail.link).encode())
        if catalogue.CODE_MARK.encode() in filled:
            code = links.code_of(mail.link)
            filled = filled.replace(catalogue.CODE_MARK.encode(), f"{code[:4]} {code[4:]}".encode())
    # Last: an address may look like one of the other marks.
    return filled.replace(catalogue.ADDRESS_MARK.encode(), recipient.encode("ascii"))


@lru_cache(maxsize=1000)
def _encoded(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode()
