"""The keys of calls lie in no backup: what one sealed that was destroyed since opens in no old backup either."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError

from registrations.enums import State
from registrations.models import CallKey, CounterCard, Identity, Registration, call_key
from registrations.models.sealed import ERASED
from registrations.services import call_keys, privacy
from tests import databases
from tests.factories import NOW, AnswerFactory, RegistrationFactory
from tests.faults import kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@contextmanager
def installation(folder: Path, name: str) -> Iterator[None]:
    """A portal of its own, in a process that starts anew."""
    with (
        databases.fresh(folder, f"{name}_of_the_keys") as database,
        kept.installation(database, folder / name),
    ):
        call_key._keys.clear()
        yield
    call_key._keys.clear()


def registered_in_two_calls() -> tuple[Identity, Identity]:
    call_command("migrate", verbosity=0)
    first, second = (RegistrationFactory(identity__email=f"person{n}@example.org").identity for n in range(2))
    return first, second


def end(identity: Identity) -> None:
    """As the purge ends the last person of a past call."""
    Identity.objects.filter(pk=identity.pk).update(sealed=b"")
    assert call_keys.destroy(call=identity.registration.call, now=NOW)


def restored(folder: Path, **options: object) -> dict[int, str]:
    call_command("restore", str(folder), **options)
    return {identity.pk: identity.email for identity in Identity.objects.all()}


def content_of(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def test_a_restored_backup_opens_what_has_its_key_still_and_nothing_else(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        first, second = registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"))
        end(first)
        call_command("backup", str(tmp_path / "tuesday"))
    with installation(tmp_path, "latter"):
        assert restored(tmp_path / "monday") == {first.pk: ERASED, second.pk: "person1@example.org"}
        assert CallKey.objects.exclude(destroyed_at=None).count() == 1


def test_with_the_keys_of_that_day_all_of_it_would_open(tmp_path: Path) -> None:
    """The control: who keeps an older file of keys keeps the backup open."""
    with installation(tmp_path, "former"):
        first, second = registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"), call_keys=tmp_path / "keys-of-monday.json")
        end(first)
    with installation(tmp_path, "latter"):
        found = restored(tmp_path / "monday", call_keys=tmp_path / "keys-of-monday.json")
        assert found == {first.pk: "person0@example.org", second.pk: "person1@example.org"}


def test_no_wrapped_key_lies_in_the_backup_and_each_in_the_file_beside_it(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"))
        wrapped = [bytes(key.wrapped) for key in CallKey.objects.all()]
        keys = [key.pk for key in CallKey.objects.all()]
    beside = tmp_path / "call-keys.json"
    with databases.fresh(tmp_path, "read_of_the_keys") as database, kept.installation(database, tmp_path / "read"):
        call_command("restore", str(tmp_path / "monday"))
        assert sorted(bytes(key.wrapped) for key in CallKey.objects.all()) == sorted(wrapped)

    content = b"".join(content_of(path) for path in (tmp_path / "monday").rglob("*") if path.is_file())
    assert len(wrapped) == 2
    assert all(str(key).encode() in content or key.hex.encode() in content for key in keys)
    assert not any(key in content or key.hex().encode() in content for key in wrapped)
    assert beside.stat().st_mode & 0o077 == 0


def test_without_the_file_or_its_master_key_nothing_is_restored(tmp_path: Path, settings) -> None:
    with installation(tmp_path, "former"):
        registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"))
    with installation(tmp_path, "latter"):
        settings.MASTER_KEYS = ["another-master-key-" * 4]
        with pytest.raises(CommandError, match="needs the master keys"):
            restored(tmp_path / "monday")
        (tmp_path / "call-keys.json").unlink()
        with pytest.raises(CommandError, match="--call-keys"):
            restored(tmp_path / "monday")
        assert set(restored(tmp_path / "monday", call_keys_are_lost=True).values()) == {ERASED}


def test_a_backup_of_an_empty_portal_takes_no_key_away(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        first, second = registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"))
    with installation(tmp_path, "latter"):
        call_command("migrate", verbosity=0)
        call_command("backup", str(tmp_path / "new-machine"))
        found = restored(tmp_path / "monday", replace=True)
        assert found == {first.pk: "person0@example.org", second.pk: "person1@example.org"}


def test_a_destroyed_key_never_comes_back_into_the_file(tmp_path: Path) -> None:
    """Whoever restores with an older file brings it back into that database, and not into what opens all backups."""
    with installation(tmp_path, "former"):
        first, _ = registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"), call_keys=tmp_path / "keys-of-monday.json")
        key = str(CallKey.objects.get(call=first.registration.call).pk)
        end(first)
        call_command("backup", str(tmp_path / "tuesday"))
    with installation(tmp_path, "latter"):
        restored(tmp_path / "monday", call_keys=tmp_path / "keys-of-monday.json")
        call_command("backup", str(tmp_path / "wednesday"))
    beside = call_keys.read(tmp_path / "call-keys.json")
    assert key in call_keys.read(tmp_path / "keys-of-monday.json").keys
    assert key not in beside.keys
    assert beside.destroyed == {key}


def test_a_file_that_lacks_a_key_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        call_command("migrate", verbosity=0)
        call_command("backup", str(tmp_path / "empty"), call_keys=tmp_path / "another.json")
        registered_in_two_calls()
        call_command("backup", str(tmp_path / "monday"))
    with installation(tmp_path, "latter"):
        with pytest.raises(CommandError, match=r"2 keys of calls .* --call-keys-are-lost"):
            restored(tmp_path / "monday", call_keys=tmp_path / "another.json", keys_are_lost=True)
        assert databases.rows() == {}


def test_a_harmed_file_of_keys_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "call-keys.json").write_text('{"keys": ')
    with installation(tmp_path, "former"):
        call_command("migrate", verbosity=0)
        with pytest.raises(CommandError, match="was harmed"):
            call_command("backup", str(tmp_path / "monday"))
    assert (tmp_path / "call-keys.json").read_text() == '{"keys": '


def test_who_was_erased_since_is_erased_again_with_links_and_files(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        call_command("migrate", verbosity=0)
        gone, _ = (RegistrationFactory(identity__email=f"person{n}@example.org", submitted=True) for n in range(2))
        name = storages["private"].save("answers/of-the-erased", ContentFile(b"private"))
        AnswerFactory(registration=gone, file=name)
        call_command("backup", str(tmp_path / "monday"))
        privacy.erase_registration(registration=gone, by=None, now=NOW)
        call_command("backup", str(tmp_path / "tuesday"))
    with installation(tmp_path, "latter"):
        restored(tmp_path / "monday")
        again, other = Registration.objects.order_by("pk")
        assert (again.is_erased, again.state, again.identity.email) == (True, State.WITHDRAWN, "")
        assert not again.links.filter(revoked_at=None).exists()
        assert not storages["private"].exists(name)
        assert (other.is_erased, other.state, other.identity.email) == (False, State.SUBMITTED, "person1@example.org")


def test_who_was_erased_when_the_time_was_over_is_so_again_and_gives_no_place_up(tmp_path: Path) -> None:
    with installation(tmp_path, "former"):
        call_command("migrate", verbosity=0)
        gone = RegistrationFactory(confirmed=True)
        CounterCard.objects.create(address_index=gone.address_index, applied=1, last_on=NOW.date())
        call_command("backup", str(tmp_path / "monday"))
        privacy.erase(ids=[gone.pk], by=None, now=NOW)
        call_command("backup", str(tmp_path / "tuesday"))
    with installation(tmp_path, "latter"):
        restored(tmp_path / "monday")
        again = Registration.objects.get()
        assert (again.is_erased, again.state, again.identity.email) == (True, State.CONFIRMED, "")
        assert not CounterCard.objects.exists()


def test_who_was_erased_stands_in_the_file_when_the_row_is_gone(tmp_path: Path) -> None:
    gone = RegistrationFactory(submitted=True)
    privacy.erase_registration(registration=gone, by=None, now=NOW)
    call_keys.write_down(tmp_path / "keys.json")
    Registration.objects.all().delete()

    call_keys.write_down(tmp_path / "keys.json")

    assert call_keys.read(tmp_path / "keys.json").erased == {gone.reference: State.WITHDRAWN}
