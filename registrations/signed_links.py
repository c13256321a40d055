"""What links in mails are made of: a number, and 160 bits that only we make for it, for one purpose. Stored nowhere."""

import hashlib
import re
from dataclasses import dataclass

from ranportal.shared.crypto import derived_keys, is_link_mac, link_mac

_TOKEN = re.compile(r"^(\d{1,18})-([\w-]{20,60})$", re.ASCII)


@dataclass(frozen=True)
class Token:
    """What stands in an address: the number of a row as it was written there, and what is to prove it."""

    number: str
    mac: str

    def is_of(self, *, purpose: str, version: int) -> bool:
        """Whether we made it for this purpose and this version of the row, with a key that still holds."""
        return is_link_mac(self.mac, purpose=purpose, link_id=self.number, version=version)


def parsed(text: str) -> Token | None:
    """The parts of a token; None where it is none of ours by its looks."""
    match = _TOKEN.match(text)
    return Token(match[1], match[2]) if match else None


def token(*, purpose: str, pk: int, version: int, key_id: str) -> str:
    """The token of a row, signed by the key that the row names, or by the newest when that is gone."""
    return f"{pk}-{link_mac(purpose, str(pk), version, key_of(purpose, key_id))}"


def new_key_id(purpose: str) -> str:
    """The name of the key that signs new links: 16 hex digits that say nothing about the key."""
    return _key_id(derived_keys(purpose)[0])


def key_of(purpose: str, key_id: str, *, named_for: str = "") -> bytes:
    """The key that stands where the key of this name does among those of `named_for`; the newest when that is gone.

    All purposes derive from the same list of secrets, so one name finds the key of each.
    """
    ids = [_key_id(key) for key in derived_keys(named_for or purpose)]
    return derived_keys(purpose)[ids.index(key_id) if key_id in ids else 0]


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key-id" + key).hexdigest()[:16]
