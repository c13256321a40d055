"""What becomes of the keys of calls: wrapped by a newer master key, and destroyed when nothing needs them any more."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from events.models import Call
from ranportal.shared import sealing
from ranportal.shared.refusals import Refused
from registrations.models import Answer, CallKey, Registration
from registrations.models.registration import ERASED
from registrations.models.sealed import SealedRow


class StillNeeded(Refused):
    """Something of the call that people said is sealed with its key."""


class NoKeysFile(Refused):
    """What stands there was not written by a backup, or was harmed."""


@dataclass(frozen=True)
class Beside:
    """What lies beside all backups and is newer than each.

    `keys` are the name of the master key and the wrapped key (base64) by id, `destroyed` the ids of those that are gone
    for good, `erased` the references of erased registrations, each with its state at the end.
    """

    keys: dict[str, list[str]]
    destroyed: frozenset[str]
    erased: dict[str, str]


NOTHING_BESIDE = Beside({}, frozenset(), {})


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
    """Bring this file up to date: the wrapped keys, which keys were destroyed, and which registrations were erased.

    It is the only copy of the keys outside the database, and opens every backup as far as that shall be opened still.
    A key leaves it when this database knows it as destroyed, and never because this database does not know it: one that
    is new, or was not restored yet, adds nothing and takes nothing away. Raises NoKeysFile.
    """
    former = read(file) if file.is_file() else NOTHING_BESIDE
    rows = list(CallKey.objects.order_by("made_at"))
    destroyed = former.destroyed | {str(row.pk) for row in rows if row.destroyed_at}
    here = {str(row.pk): [row.master_id, base64.b64encode(bytes(row.wrapped)).decode()] for row in rows}
    erased = Registration.objects.filter(address_index__startswith=ERASED).order_by("pk")
    said = {
        "keys": {pk: key for pk, key in {**former.keys, **here}.items() if pk not in destroyed},
        "destroyed": sorted(destroyed),
        "erased": {**former.erased, **dict(erased.values_list("reference", "state"))},
    }
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump(said, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)


def read(file: Path) -> Beside:
    """What `write_down` wrote. Raises NoKeysFile."""
    try:
        said = json.loads(file.read_text("utf-8"))
        return Beside(dict(said["keys"]), frozenset(said["destroyed"]), dict(said["erased"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NoKeysFile(
            f"{file} is no file of the keys of calls, or it was harmed. Bring its copy back, or name another one with "
            "--call-keys; nothing was written over it."
        ) from error


def missing_master_keys(beside: Beside) -> list[str]:
    """The names of master keys that wrapped keys of this file and are not among MASTER_KEYS."""
    return sorted({master_id for master_id, _ in beside.keys.values()} - set(sealing.master_ids()))


def lost(beside: Beside) -> int:
    """How many keys a backup left empty that the file neither holds nor knows as destroyed."""
    known = {*beside.keys, *beside.destroyed}
    return sum(str(pk) not in known for pk in _emptied().values_list("pk", flat=True))


def bring_back(beside: Beside, *, now: datetime) -> None:
    """Give the keys that a backup left empty what the file holds; what it does not hold is destroyed from now on."""
    for row in _emptied():
        master_id, wrapped = beside.keys.get(str(row.pk), ("", ""))
        row.master_id, row.wrapped = master_id, base64.b64decode(wrapped)
        row.destroyed_at = None if wrapped else now
        row.save()


def _emptied() -> QuerySet[CallKey]:
    return CallKey.objects.filter(destroyed_at=None, wrapped=b"")


def _left(call: Call) -> Iterator[str]:
    sealed_ones: list[Any] = SealedRow.__subclasses__()
    for model in sealed_ones:
        if model._default_manager.filter(**{model.path_to_call: call}).exclude(sealed=b"").exists():
            yield str(model._meta.verbose_name_plural)
    if Answer.objects.filter(registration__call=call).exclude(file="").exists():
        yield "files"
