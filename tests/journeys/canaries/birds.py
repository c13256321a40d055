"""Canaries: words that stand nowhere else, one for each field of each person, and found in any bytes."""

import base64
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_FOUND = re.compile(rb"qzx([a-z]+)q(\d{3})q")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@dataclass(frozen=True, order=True)
class Canary:
    """The word that stands in one field of one person; whoever finds it knows which."""

    field: str
    person: int

    def __str__(self) -> str:
        return f"Qzx{self.field}q{self.person:03}q"


def in_bytes(data: bytes) -> set[Canary]:
    """The canaries in these bytes, also in what is coded by base64 or packed inside them."""
    found = in_plain_bytes(data)
    for run in _BASE64.findall(data):
        try:
            decoded = base64.b64decode(run.replace(b"-", b"+").replace(b"_", b"/") + b"==")
        except ValueError:
            continue
        found |= in_plain_bytes(decoded) | _packed(decoded)
    return found


def in_text(text: str) -> set[Canary]:
    """The canaries in this text."""
    return in_bytes(text.encode())


def fields(canaries: Iterable[Canary]) -> set[str]:
    """In which fields they stood."""
    return {canary.field for canary in canaries}


def in_plain_bytes(data: bytes) -> set[Canary]:
    """The canaries that stand in these bytes as they are."""
    lower = data.lower()
    if b"qzx" not in lower:
        return set()
    return {Canary(field.decode(), int(person)) for field, person in _FOUND.findall(lower)}


def _packed(data: bytes) -> set[Canary]:
    try:
        return in_plain_bytes(zlib.decompress(data))
    except zlib.error:
        return set()
