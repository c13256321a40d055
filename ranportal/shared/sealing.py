"""Seals bytes so that only a holder of the key reads or changes them, and wraps such keys by a master key.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce for each sealing. What is sealed names its key and is bound to
its place, so it opens nowhere else. Master keys come from MASTER_KEYS and stand in no database and no backup of one.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from ranportal.shared.crypto import derived_key

#: How everything sealed begins.
FORM = b"\x01"
_KEY_ID = slice(1, 17)
_NONCE = slice(17, 29)
_NONCE_BYTES = 12
_SEALED = slice(29, None)
_PURPOSE = "master"


class Unopened(Exception):
    """The bytes were not sealed by this key for this place, or were changed since."""


class NoMasterKey(Exception):
    """None of MASTER_KEYS wrapped this key."""


def new_key() -> bytes:
    """Return a fresh 256-bit key."""
    return secrets.token_bytes(32)


def seal(plain: bytes, *, key: bytes, key_id: UUID, place: str) -> bytes:
    """Return the bytes sealed for this place: 45 bytes longer, and different each time."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return FORM + key_id.bytes + nonce + _cipher(key).encrypt(nonce, plain, place.encode())


def key_id_of(sealed: bytes) -> UUID:
    """Return which key seals these bytes. Raises Unopened for bytes of another form."""
    if sealed[:1] != FORM or len(sealed) < _SEALED.start:
        raise Unopened
    return UUID(bytes=bytes(sealed[_KEY_ID]))


def opened(sealed: bytes, *, key: bytes, place: str) -> bytes:
    """Return what was sealed for this place. Raises Unopened."""
    key_id_of(sealed)
    try:
        return _cipher(key).decrypt(bytes(sealed[_NONCE]), bytes(sealed[_SEALED]), place.encode())
    except InvalidTag as error:
        raise Unopened from error


def index(text: str, *, key: bytes, purpose: str) -> str:
    """Return 64 hex digits that are the same for the same text, and that only a holder of the key can compute."""
    own = hmac.digest(key, purpose.encode(), hashlib.sha256)
    return hmac.new(own, text.encode(), hashlib.sha256).hexdigest()


def master_ids() -> list[str]:
    """The names of the master keys, the one that wraps first; 16 hex digits that say nothing about a key."""
    return [_master_id(key) for key in _master_keys()]


def wrap(key: bytes, *, key_id: UUID) -> tuple[str, bytes]:
    """Return the newest master key's name, and the key wrapped by it."""
    master = _master_keys()[0]
    return _master_id(master), seal(key, key=master, key_id=key_id, place=_PURPOSE)


def unwrap(wrapped: bytes, *, master_id: str) -> bytes:
    """Return the key that was wrapped. Raises NoMasterKey when that master key is gone."""
    master = next((key for key in _master_keys() if _master_id(key) == master_id), None)
    if master is None:
        raise NoMasterKey(f"No key of MASTER_KEYS is {master_id}.")
    return opened(wrapped, key=master, place=_PURPOSE)


def _master_keys() -> list[bytes]:
    # The demo has none of its own: checks refuse that for real.
    return [derived_key(_PURPOSE, secret) for secret in settings.MASTER_KEYS or [settings.SECRET_KEY]]


def _master_id(key: bytes) -> str:
    return hashlib.sha256(b"master-id" + key).hexdigest()[:16]


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
