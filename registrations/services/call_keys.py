"""What becomes of the keys of calls: wrapped by a newer master key, and destroyed when nothing needs them any more."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from events.models import Call
from ranportal.shared import sealing
from ranportal.shared.refusals import Refused
from registrations.models import Answer, CallKey
from registrations.models.sealed import SealedRow


class StillNeeded(Refused):
    """Something of the call that people said is sealed with its key."""


def rotate_master_key() -> int:
    """Wrap each key by the newest of MASTER_KEYS that is not yet, key by key; returns how many were wrapped anew.

    What is sealed stays as it is, and all goes on meanwhile: every process that has both master keys opens both.
    Interrupted, it goes on where it stopped. Raises sealing.NoMasterKey for a key whose master key is not among them.
    """
    number = 0
    for row in of_older_master_keys().order_by("made_at").iterator():
        former = bytes(row.wrapped)
        master_id, wrapped = sealing.wrap(sealing.unwrap(former, master_id=row.master_id), key_id=row.pk)
        # Somebody may have destroyed it, or done the same, since it was read.
        unchanged = CallKey.objects.filter(pk=row.pk, wrapped=former, destroyed_at=None)
        number += unchanged.update(master_id=master_id, wrapped=wrapped)
    return number


def of_older_master_keys() -> QuerySet[CallKey]:
    """The keys that the newest of MASTER_KEYS does not open."""
    return CallKey.objects.filter(destroyed_at=None).exclude(master_id=sealing.master_ids()[0])


def destroy(*, call: Call, now: datetime) -> bool:
    """Destroy the call's key: copies of what it sealed open nowhere any more. Returns whether there was one.

    Raises StillNeeded while anything that it sealed is left, files included.
    """
    with transaction.atomic():
        Call.objects.select_for_update().get(pk=call.pk)
        if left := sorted(set(_left(call))):
            raise StillNeeded(f"The key of the call is needed still, for: {', '.join(left)}.")
        keys = CallKey.objects.filter(call=call, destroyed_at=None)
        return bool(keys.update(wrapped=b"", master_id="", destroyed_at=now))


def write_down(file: Path) -> None:
    """Write the keys that are not destroyed into this file, wrapped as they are, in the place of what it held.

    The newest such file opens every backup, as far as it shall be opened still: it is the only copy outside the
    database, so a key that is destroyed is gone everywhere once it was written again.
    """
    keys = {
        str(key.pk): [key.master_id, base64.b64encode(bytes(key.wrapped)).decode()]
        for key in CallKey.objects.filter(destroyed_at=None).order_by("made_at")
    }
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump(keys, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)


def missing_master_keys(file: Path) -> list[str]:
    """The names of master keys that wrapped keys of this file and are not among MASTER_KEYS."""
    return sorted({master_id for master_id, _ in _read(file).values()} - set(sealing.master_ids()))


def bring_back(file: Path, *, now: datetime) -> None:
    """Give the keys that a backup left empty what the file holds; what it does not hold was destroyed."""
    keys = _read(file) if file.is_file() else {}
    for row in CallKey.objects.filter(destroyed_at=None, wrapped=b""):
        master_id, wrapped = keys.get(str(row.pk), ("", ""))
        row.master_id, row.wrapped = master_id, base64.b64decode(wrapped)
        row.destroyed_at = None if wrapped else now
        row.save()


def _read(file: Path) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = json.loads(file.read_text("utf-8"))
    return keys


def _left(call: Call) -> Iterator[str]:
    sealed_ones: list[Any] = SealedRow.__subclasses__()
    for model in sealed_ones:
        if model._default_manager.filter(**{model.path_to_call: call}).exclude(sealed=b"").exists():
            yield str(model._meta.verbose_name_plural)
    if Answer.objects.filter(registration__call=call).exclude(file="").exists():
        yield "files"
