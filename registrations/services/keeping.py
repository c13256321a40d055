"""A backup of everything but the keys, and the way back: the whole of it, or nothing."""

import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from ranportal.shared.keeping import database, manifest, schema, stored_files
from ranportal.shared.keeping.manifest import Manifest
from ranportal.shared.refusals import Refused
from registrations import policies
from registrations.enums import State
from registrations.mail import restored
from registrations.models import Answer, CallKey, OutgoingMail, Registration
from registrations.models.registration import ERASED
from registrations.services import call_keys, cards, privacy
from registrations.services.call_keys import Beside

logger = logging.getLogger(__name__)

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
    """What is back: how many rows and files, what became of the mails, and how many registrations were erased again."""

    made_at: str
    rows: int
    files: int
    missing_files: tuple[str, ...]
    held: restored.Held
    erased: int


def backup(*, folder: Path, keys_file: Path, now: datetime) -> Manifest:
    """Write database and files into the folder (made here, or empty), proved by checksums, readable by its owner alone.

    It holds personal data, and none of the keys: those of the calls go, wrapped, into `keys_file`, which is brought
    up to date. Raises FolderInUse and call_keys.NoKeysFile. What fails leaves no manifest, so no backup.
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
    *,
    folder: Path,
    keys_file: Path,
    now: datetime,
    is_replacing: bool = False,
    are_keys_lost: bool = False,
    are_call_keys_lost: bool = False,
) -> Restored:
    """Bring a backup back, into an empty database or (`is_replacing`) in the place of what is there.

    What a key sealed that was destroyed since, by what `keys_file` says, stays closed; who was erased since is erased
    again, and their files stay away.

    Nothing is touched before every file has proved whole, and the portal's tables change in one transaction at the
    end: what fails before leaves everything as it was. All unfinished mail of the backup is on hold afterwards, and
    everybody signs in again. Raises Refused of many kinds, each with what to do.
    """
    found = manifest.read(folder)
    database.refuse_other_kind(found)
    schema.refuse_unknown(found.migrations)
    if not are_keys_lost:
        refuse_lost_keys(found)
    beside = _beside(found, keys_file, is_lost=are_call_keys_lost)
    if not is_replacing and database.has_rows(IN_USE):
        raise DatabaseInUse("The database is in use. Restore into an empty one, or say --replace to give up its data.")
    keeper = database.keeper()
    with keeper.beside() as move_in:
        keeper.load_from(folder, found)
        database.prove_rows(found)
        keeper.skip_numbers(found.sequences)
        schema.migrate_to_newest()
        if not are_call_keys_lost:
            _refuse_unknown_call_keys(beside, keys_file)
        held, erased, gone = _bring_up_to_date(beside, now=now)
        names = [name for name in found.files if name not in gone]
        _bring_in(move_in, folder, names, is_replacing=is_replacing)
    if is_replacing:
        stored_files.replace(folder, names=names)
    return Restored(found.made_at, found.rows, len(stored_files.among(names)), found.missing_files, held, erased)


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


def _beside(found: Manifest, keys_file: Path, *, is_lost: bool) -> Beside:
    """What lies beside the backup. Raises KeysMissing where it is needed and not there, unless it is lost for good."""
    if not keys_file.is_file():
        saved = found.tables.get(CallKey._meta.db_table)
        if saved is None or not saved.rows or is_lost:
            return call_keys.NOTHING_BESIDE
        raise KeysMissing(
            f"{keys_file} is missing: without the keys of calls nobody reads names and answers. Name the newest such "
            "file with --call-keys; when it is lost for good, --call-keys-are-lost goes on without them."
        )
    beside = call_keys.read(keys_file)
    if (missing := call_keys.missing_master_keys(beside)) and not is_lost:
        raise KeysMissing(
            f"{keys_file} needs the master keys {', '.join(missing)}: put them behind the others in MASTER_KEYS."
        )
    return beside


def _refuse_unknown_call_keys(beside: Beside, keys_file: Path) -> None:
    if number := call_keys.lost(beside):
        raise KeysMissing(
            f"{number} keys of calls that the backup needs are not in {keys_file}, which does not know that they were "
            "destroyed either: it is of another installation, or older than the backup. Name the newest one with "
            "--call-keys; when it is lost for good, --call-keys-are-lost goes on: what those keys sealed is then gone."
        )


def _bring_up_to_date(beside: Beside, *, now: datetime) -> tuple[restored.Held, int, set[str]]:
    """What has changed since, in the database beside; returns what `_erase_again` does, after the mails."""
    call_keys.bring_back(beside, now=now)
    Session.objects.all().delete()
    erased, gone = _erase_again(beside.erased, now=now)
    return restored.hold_unfinished(now=now), erased, gone


def _bring_in(move_in: Callable[[], None], folder: Path, names: list[str], *, is_replacing: bool) -> None:
    """The files and the database: both or, where the second fails, none."""
    made = stored_files.load_from(folder, names=names, is_replacing=is_replacing)
    try:
        move_in()
    except BaseException:
        stored_files.remove(made)
        raise


def _erase_again(erased: Mapping[str, str], *, now: datetime) -> tuple[int, set[str]]:
    """Erase who came back and was erased since; returns how many, and the paths of their files within the backup."""
    # What is known of content types is known of the database before.
    ContentType.objects.clear_cache()
    known = Registration.objects.exclude(address_index__startswith=ERASED).values_list("pk", "reference")
    again = {pk: erased[reference] for pk, reference in known.iterator() if reference in erased}
    gone: set[str] = set()
    for pk, state in again.items():
        registration = Registration.objects.select_related("call__event").get(pk=pk)
        answers = Answer.objects.filter(registration=registration).exclude(file="")
        gone |= {f"{stored_files.FOLDER}/private/{name}" for name in answers.values_list("file", flat=True)}
        _erase_one(registration, has_given_up=state == State.WITHDRAWN, now=now)
    ContentType.objects.clear_cache()
    return len(again), gone


def _erase_one(registration: Registration, *, has_given_up: bool, now: datetime) -> None:
    """Who had given the place up gives it up again, and the next one moves up; else the state stays as it was."""
    if has_given_up or not policies.may_withdraw(registration):
        try:
            privacy.erase_registration(registration=registration, by=None, now=now)
            return
        except Refused:
            # The next one cannot be told, for example; nobody stays in for that.
            logger.warning("%s was erased without giving the place up.", registration.reference)
    with transaction.atomic():
        privacy.erase(ids=[registration.pk], by=None, now=now)
        if not Registration.objects.filter(address_index=registration.address_index).exists():
            cards.forget(address_index=registration.address_index)


def _several(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value)


def _print_of(key: str) -> str:
    return hmac.digest(key.encode(), b"fingerprint of a key", "sha256").hex()[:16]


def _make_private(folder: Path) -> None:
    folder.chmod(_PRIVATE_FOLDER)
    for path in folder.rglob("*"):
        path.chmod(_PRIVATE_FOLDER if path.is_dir() else _PRIVATE_FILE)
