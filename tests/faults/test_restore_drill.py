"""The restore drill: what was backed up comes back whole, into an empty place, and nothing else ever happens."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings

from ranportal.shared import clock
from ranportal.shared.keeping import manifest, stored_files
from registrations import links
from registrations.enums import LookKind, MailState
from registrations.mail import restored
from registrations.models import AccessEntry, Answer, OutgoingMail, PrivateLink, Registration
from registrations.services import keeping, looking, notices, seeding
from tests import databases
from tests.faults import kept, report

pytestmark = pytest.mark.both_databases


@dataclass(frozen=True)
class Drill:
    """The seeded demo as it was, its backup, and the installation into which that was restored."""

    folder: Path
    rows: dict[str, list[str]]
    files: dict[str, str]
    pages: dict[str, str]
    token: str
    reference: str
    last_link: int
    waiting: set[str]
    database: dict[str, Any]
    media: Path


@pytest.fixture(scope="module")
def drill(django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """Backed up and restored once, in databases of their own; the tests look at both ends."""
    place = tmp_path_factory.mktemp("drill")
    with (
        django_db_blocker.unblock(),
        databases.fresh(place, "drill_former") as former,
        databases.fresh(place, "drill_latter") as latter,
    ):
        with kept.installation(former, place / "former"):
            found = _seeded_and_backed_up(place / "backup")
        with kept.installation(latter, place / "latter"):
            call_command("restore", str(place / "backup"))
        yield Drill(**found, database=latter, media=place / "latter")


def _seeded_and_backed_up(folder: Path) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    now = clock.now()
    seeding.seed(folder=Path(__file__).parents[2] / "demo", now=now)
    notices.run_scans(now=now)
    uploaded = storages["private"].save("answers/uploaded", ContentFile(b"%PDF-1.7 something private"))
    Answer.objects.filter(pk=Answer.objects.order_by("pk")[0].pk).update(file=uploaded)
    link = PrivateLink.objects.filter(registration__call__closes_at__gt=now).order_by("pk")[0]
    call_command("backup", str(folder))
    return {
        "folder": folder,
        "rows": databases.rows(leave_out=kept.CHANGED),
        "files": kept.documents(),
        "pages": kept.pages(),
        "token": links.token_of(link),
        "reference": link.registration.reference,
        "last_link": PrivateLink.objects.order_by("pk").values_list("pk", flat=True)[PrivateLink.objects.count() - 1],
        "waiting": set(OutgoingMail.objects.filter(state=MailState.QUEUED).values_list("message_id", flat=True)),
    }


def test_the_demo_comes_back_page_by_page(drill):
    with kept.installation(drill.database, drill.media):
        rows, files, pages = databases.rows(leave_out=kept.CHANGED), kept.documents(), kept.pages()
        client = Client(SERVER_NAME="localhost")
        opened = client.get(f"/registrations/p/{drill.token}/", follow=True)

    report.add(
        fault="restore drill: the demo into an empty database and empty storages",
        goal="rows, files and pages equal; private links open",
        reached=f"{sum(map(len, rows.values()))} rows of {len(rows)} tables, {len(files)} files, {len(pages)} pages",
    )
    assert rows == drill.rows
    assert files == drill.files
    assert pages == drill.pages
    assert len(files) == 2
    assert opened.status_code == 200
    assert drill.reference in opened.content.decode()


def test_unfinished_mail_is_on_hold_and_nothing_else(drill):
    with kept.installation(drill.database, drill.media):
        held = OutgoingMail.objects.filter(restored.IS_WAITING)
        assert set(held.values_list("message_id", flat=True)) == drill.waiting
        assert not OutgoingMail.objects.filter(state=MailState.QUEUED).exists()
    assert drill.waiting


def test_numbers_given_after_the_backup_are_never_given_again(drill):
    """A link's token is made of its number: the one mailed after the backup must not open another's registration."""
    with kept.installation(drill.database, drill.media):
        person = Registration.objects.order_by("-pk")[0]
        new = PrivateLink.objects.create(registration=person, version=9, key_id="", created_at=clock.now())
        number = new.pk
        new.delete()

    assert number > drill.last_link + 100_000


def test_looks_that_came_back_are_guarded_and_let_go_as_before(drill):
    now = clock.now()
    long_ago = now - timedelta(days=900)
    with kept.installation(drill.database, drill.media), transaction.atomic():
        for at in (long_ago, now):
            looking.enter(user=None, kind=LookKind.LIST, page="p", call_id=None, references=[], now=at)
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            AccessEntry.objects.all().delete()
        assert looking.cut(before=long_ago + timedelta(days=1), now=now) == 1
        assert AccessEntry.objects.get().at == now
        transaction.set_rollback(True)


def test_a_database_in_use_is_left_alone_without_a_word(drill):
    with kept.installation(drill.database, drill.media):
        before = databases.rows()
        with pytest.raises(CommandError, match="in use"):
            call_command("restore", str(drill.folder))
        assert databases.rows() == before


@pytest.mark.parametrize("former", [None, b"another content"], ids=["missing", "another content"])
def test_a_restore_that_breaks_at_its_last_step_leaves_all_as_it_was(drill, monkeypatch, former):
    class DiskFull(Exception):
        pass

    def break_off(*_: object) -> None:
        raise DiskFull

    monkeypatch.setattr(f"ranportal.shared.keeping.{connection.vendor}._move_in", break_off)
    with kept.installation(drill.database, drill.media):
        put("answers/uploaded", former)
        before, files = databases.rows(), kept.documents()
        with pytest.raises(DiskFull):
            call_command("restore", str(drill.folder), replace=True)
        assert databases.rows() == before
        assert kept.documents() == files
        put("answers/uploaded", b"%PDF-1.7 something private")


def put(name: str, content: bytes | None) -> None:
    """The private storage's file with this content, or none."""
    storages["private"].delete(name)
    if content is not None:
        storages["private"].save(name, ContentFile(content))


def test_a_file_with_another_content_is_the_backups_again(drill):
    with kept.installation(drill.database, drill.media):
        put("answers/uploaded", b"another content")
        call_command("restore", str(drill.folder), replace=True)
        assert kept.documents() == drill.files


def test_another_programs_table_outlives_backup_and_restore(tmp_path):
    with databases.fresh(tmp_path, "drill_shared") as shared, kept.installation(shared, tmp_path / "shared"):
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE of_another AS SELECT 7 AS number")
        call_command("backup", str(tmp_path / "backup"))
        call_command("restore", str(tmp_path / "backup"), replace=True)
        assert databases.rows()["of_another"] == ["[7]"]


def test_one_broken_byte_in_any_file_is_refused_and_nothing_is_touched(drill, tmp_path):
    folder = Path(shutil.copytree(drill.folder, tmp_path / "backup"))
    files = [path for path in folder.rglob("*") if path.is_file()]

    with databases.fresh(tmp_path, "drill_broken") as empty, kept.installation(empty, tmp_path / "empty"):
        connection.ensure_connection()
        for path in files:
            whole = path.read_bytes()
            middle = len(whole) // 2
            path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
            with pytest.raises(CommandError, match=r"changed|checksum"):
                call_command("restore", str(folder))
            path.write_bytes(whole)
        assert databases.rows() == {}
        assert kept.documents() == {}
    assert manifest.read(folder).rows > 1000
    assert len(files) > 5


def test_without_the_checksums_a_broken_file_would_come_back(drill, tmp_path, monkeypatch):
    """The control of the test above: the checksums refuse, and not chance."""
    folder = Path(shutil.copytree(drill.folder, tmp_path / "backup"))
    (uploaded,) = (path for path in (folder / "files" / "private").rglob("*") if path.is_file())
    uploaded.write_bytes(b"%PDF-1.7 something changed")
    monkeypatch.setattr(manifest, "_prove", lambda *_: None)

    with kept.installation(connection.settings_dict, tmp_path / "empty"):
        stored_files.load_from(folder, names=manifest.read(folder).files, is_replacing=False)
        assert hashlib.sha256(b"%PDF-1.7 something changed").hexdigest() in kept.documents().values()


def test_a_backup_is_nobody_elses_to_read_and_holds_no_key(drill, settings):
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [drill.folder, *drill.folder.rglob("*")]}
    found = b"".join(path.read_bytes() for path in drill.folder.rglob("*") if path.is_file())

    assert modes == {(True, 0o700), (False, 0o600)}
    assert settings.SECRET_KEY.encode() not in found
    assert keeping.fingerprints()["SECRET_KEY"][0].encode() in found


def test_a_folder_in_use_is_refused(drill):
    with pytest.raises(CommandError, match="not empty"):
        call_command("backup", str(drill.folder))


def test_an_unfinished_backup_is_none(drill, tmp_path):
    folder = Path(shutil.copytree(drill.folder, tmp_path / "backup"))
    (folder / manifest.NAME).unlink()

    with pytest.raises(CommandError, match="no complete backup"):
        call_command("restore", str(folder))


@pytest.mark.parametrize("name", ["SECRET_KEY", "ADDRESS_KEY"])
def test_other_keys_are_refused_before_anything_is_touched(drill, name):
    with override_settings(**{name: "another key " * 6}), pytest.raises(CommandError, match=name):
        call_command("restore", str(drill.folder))


def test_a_rotated_key_that_is_still_accepted_is_enough(drill, settings):
    former = settings.SECRET_KEY
    with override_settings(SECRET_KEY="a new key " * 6, SECRET_KEY_FALLBACKS=[former]):
        keeping.refuse_lost_keys(manifest.read(drill.folder))


def test_a_backup_of_newer_software_is_refused(drill, tmp_path):
    folder = Path(shutil.copytree(drill.folder, tmp_path / "backup"))
    found = manifest.read(folder)
    tomorrow = (*found.migrations, ("events", "0999_of_tomorrow"))
    manifest.seal(folder, manifest.Manifest(**{**vars(found), "migrations": tomorrow}))

    with pytest.raises(CommandError, match=r"events\.0999_of_tomorrow is no migration here"):
        call_command("restore", str(folder))
