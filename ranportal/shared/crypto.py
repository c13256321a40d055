"""Keys for one purpose each, derived from SECRET_KEY, and what is made with them.

A key for one purpose says nothing about another, so a digest that leaks opens no link.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

_DIGEST = hashlib.sha256
_MAC_BYTES = 20
"""160 bits: beyond guessing, and 27 characters in an address."""


def derived_key(purpose: str, secret: str | None = None) -> bytes:
    """Return the 32-byte key of this purpose (HKDF-SHA256), from ``secret`` or else from SECRET_KEY."""
    return _derived(purpose, settings.SECRET_KEY if secret is None else secret)


@lru_cache(maxsize=32)
def _derived(purpose: str, secret: str) -> bytes:
    material = secret.encode()
    extracted = hmac.digest(b"ranportal.shared.crypto", material, _DIGEST)
    return hmac.digest(extracted, purpose.encode() + b"\x01", _DIGEST)


def derived_keys(purpose: str) -> list[bytes]:
    """Return the purpose's keys, the newest first: of SECRET_KEY, then of each key of SECRET_KEY_FALLBACKS.

    Make with the first, accept any: then a rotated SECRET_KEY breaks nothing until its fallback is removed.
    """
    return [derived_key(purpose, secret) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]]


def keyed_digest(purpose: str, text: str) -> str:
    """Return the HMAC-SHA256 of the text as 64 hexadecimal digits: the same text gives the same digest.

    Its key comes from ADDRESS_KEY, or from SECRET_KEY when that is not set. It does not follow a rotation, since
    what it wrote is looked up for years: set ADDRESS_KEY before the first real registration.
    """
    key = derived_key(purpose, settings.ADDRESS_KEY or None)
    return hmac.new(key, text.encode(), _DIGEST).hexdigest()


def link_mac(purpose: str, link_id: str, version: int, key: bytes) -> str:
    """Return 160 bits that only a holder of the key can make for this link and version: 27 URL-safe characters.

    ``key`` is one of ``derived_keys(purpose)``. The parts are length-prefixed, so no two links share a message.
    """
    parts = [purpose.encode(), link_id.encode(), str(version).encode()]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    mac = hmac.digest(key, message, _DIGEST)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_link_mac(mac: str, *, purpose: str, link_id: str, version: int) -> bool:
    """Whether the text is this link's MAC under the present key or a fallback, compared in constant time."""
    given = mac.encode("utf-8", "surrogatepass")
    matches = [
        hmac.compare_digest(link_mac(purpose, link_id, version, key).encode(), given) for key in derived_keys(purpose)
    ]
    return any(matches)
