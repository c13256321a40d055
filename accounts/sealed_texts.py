"""Seals short texts of accounts by the newest master key: seeds of second factors, and forms in work."""

import base64
from uuid import UUID, uuid4

from ranportal.shared import sealing

_PARTED_BY = ":"


def seal(text: str, *, key_id: UUID) -> str:
    """Return the text sealed: the master key's name, then letters that only it opens."""
    master_id, sealed = sealing.wrap(text.encode(), key_id=key_id)
    return f"{master_id}{_PARTED_BY}{base64.b64encode(sealed).decode('ascii')}"


def opened(sealed: str) -> str:
    """Return what was sealed. Raises sealing.NoMasterKey, sealing.Unopened."""
    master_id, _, letters = sealed.partition(_PARTED_BY)
    return sealing.unwrap(base64.b64decode(letters), master_id=master_id).decode()


def seal_again(sealed: str) -> str:
    """Return the same sealed by the newest master key. Raises sealing.NoMasterKey, sealing.Unopened."""
    return seal(opened(sealed), key_id=uuid4())


def is_of_newest_key(sealed: str) -> bool:
    """Whether the master key that seals now has sealed this."""
    return sealed.partition(_PARTED_BY)[0] == sealing.master_ids()[0]
