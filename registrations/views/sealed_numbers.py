"""Some numbers in a cookie that nobody reads or changes outside: unreadable as well as unforgeable."""

import base64
import struct
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ranportal.shared.crypto import derived_keys

_NUMBER = struct.Struct(">Q")


def sealed(numbers: Sequence[int], *, purpose: str) -> str:
    """What stands in the cookie; what was sealed for one purpose opens for no other."""
    return _box(purpose).encrypt(b"".join(map(_NUMBER.pack, numbers))).decode()


def opened(cookie: str, *, purpose: str) -> list[int]:
    """The numbers again; none when the cookie is missing or was altered."""
    try:
        plain = _box(purpose).decrypt(cookie.encode())
    except InvalidToken:
        return []
    return [number for (number,) in _NUMBER.iter_unpack(plain)]


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived_keys(purpose)])
