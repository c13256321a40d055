"""A backup of everything but the keys, and the way back: the whole of it, or nothing."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from ranportal.shared.keeping import database, manifest, schema, stored_files
from ranportal.shared.keeping.manifest import Manifest
from ranportal.shared.refusals import Refused
from registrations.mail import restored
from registrations.models import CallKey, OutgoingMail, Registration
from registrations.services import call_keys

#: Without these a backup is worth little, and beside it they would open it: kept apart, never in the folder.
KEYS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "ADDRESS_KEY", "MASTER_KEYS")
#: The file of the keys of calls: one for all backups, since a key that is destroyed must not lie in an old one.
CALL_KEYS = "call-keys.json"
#: A database with rows in one of these is in use.
IN_USE = (
    "accounts_user",
    "events_event",
    "events_announcement",
    "events_publication",
    Registration._meta.db_table,
    OutgoingMail._meta.db_table,
)
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class FolderInUse(Refused):
    """A backup goes into a folder of its own."""


class DatabaseInUse(Refused):
    """Somebody's data would be overwritten."""


class KeysMissing(Refused):
    """The backup needs keys that this installation has not."""


@dataclass(frozen=True)
class Restored:
    """What is back: how many rows and files, and what became of the mails."""

    made_at: str
    rows: int
    files: int
    missing_files: tuple[str, ...]
    held: restored.Held


def backup(*, folder: Path, keys_file: Path, now: datetime) -> Manifest:
    """Write database and files into the folder (made here, or empty), proved by checksums, readable by its owner alone.

    It holds personal data, and none of the keys: those of the calls go, wrapped, into `keys_file`, in the place of
    what it held before. Raises FolderInUse. What fails leaves no manifest, so no backup.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse(f"{folder} is not empty: name a folder of its own for each backup.")
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    keeper = database.keeper()
    with keeper.snapshot():
        migrations = schema.applied()
        tables, sequences = keeper.save_to(folder, blank={CallKey._meta.db_table: "wrapped"})
        call_keys.write_down(keys_file)
        missing = stored_files.save_to(folder, leave_out=restored.MARKS)
    found = Manifest(
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        vendor=connection.vendor,
        version=database.version(),
        migrations=migrations,
        tables=tables,
        sequences=sequences,
        files=manifest.files_of(folder),
        missing_files=missing,
        keys=fingerprints(),
    )
    manifest.seal(folder, found)
    _make_private(folder)
    return found


def restore(
    *, folder: Path, keys_file: Path, now: datetime, is_replacing: bool = False, are_keys_lost: bool = False
) -> Restored:
    """Bring a backup back, into an empty database or (`is_replacing`) in the place of what is there.

    What a key sealed that `keys_file` does not hold any more stays closed: it was destroyed since.

    Nothing is touched before every file has proved whole, and the portal's tables change in one transaction at the
    end: what fails before leaves everything as it was. All unfinished mail of the backup is on hold afterwards, and
    everybody signs in again. Raises Refused of many kinds, each with what to do.
    """
    found = manifest.read(folder)
    database.refuse_other_kind(found)
    schema.refuse_unknown(found.migrations)
    if not are_keys_lost:
        refuse_lost_keys(found)
        _refuse_lost_call_keys(found, keys_file)
    if not is_replacing and database.has_rows(IN_USE):
        raise DatabaseInUse("The database is in use. Restore into an empty one, or say --replace to give up its data.")
    keeper = database.keeper()
    with keeper.beside() as move_in:
        keeper.load_from(folder, found)
        database.prove_rows(found)
        keeper.skip_numbers(found.sequences)
        schema.migrate_to_newest()
        call_keys.bring_back(keys_file, now=now)
        Session.objects.all().delete()
        held = restored.hold_unfinished(now=now)
        made = stored_files.load_from(folder, names=found.files, is_replacing=is_replacing)
        try:
            move_in()
        except BaseException:
            stored_files.remove(made)
            raise
    if is_replacing:
        stored_files.replace(folder, names=found.files)
    files = len(stored_files.among(found.files))
    return Restored(found.made_at, rows=found.rows, files=files, missing_files=found.missing_files, held=held)


def hold_after_restore(*, now: datetime) -> restored.Held:
    """What `restore` does besides, after a restore by other means: hold unfinished mail, never give a number twice."""
    database.keeper().skip_numbers({})
    return restored.hold_unfinished(now=now)


def fingerprints() -> dict[str, tuple[str, ...]]:
    """What tells each key from another, and nothing of it: sixteen hex digits of a digest under the key itself."""
    values = {name: getattr(settings, name) for name in KEYS}
    return {name: tuple(map(_print_of, _several(value))) for name, value in values.items()}


def refuse_lost_keys(found: Manifest) -> None:
    """Raise KeysMissing when links or addresses of the backup were made with keys that are not set here."""
    here = fingerprints()
    secrets = {*here["SECRET_KEY"], *here["SECRET_KEY_FALLBACKS"]}
    lost = [name for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS") if not set(found.keys[name]) <= secrets]
    if found.keys["ADDRESS_KEY"] != here["ADDRESS_KEY"]:
        lost.append("ADDRESS_KEY")
    if lost:
        raise KeysMissing(
            f"The backup was made with another {' and '.join(lost)}. Set the former keys (an old SECRET_KEY may stand "
            "in SECRET_KEY_FALLBACKS); when they are lost for good, --keys-are-lost goes on: private links that people "
            "have then end, and the same person is no longer recognised by the address."
        )


def _refuse_lost_call_keys(found: Manifest, keys_file: Path) -> None:
    saved = found.tables.get(CallKey._meta.db_table)
    if saved is None or not saved.rows:
        return
    if not keys_file.is_file():
        raise KeysMissing(
            f"{keys_file} is missing: without the keys of calls nobody reads names and answers. Name the newest such "
            "file with --call-keys; when it is lost for good, --keys-are-lost goes on without them."
        )
    if missing := call_keys.missing_master_keys(keys_file):
        raise KeysMissing(
            f"{keys_file} needs the master keys {', '.join(missing)}: put them behind the others in MASTER_KEYS."
        )


def _several(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value)


def _print_of(key: str) -> str:
    return hmac.digest(key.encode(), b"fingerprint of a key", "sha256").hex()[:16]


def _make_private(folder: Path) -> None:
    folder.chmod(_PRIVATE_FOLDER)
    for path in folder.rglob("*"):
        path.chmod(_PRIVATE_FOLDER if path.is_dir() else _PRIVATE_FILE)
