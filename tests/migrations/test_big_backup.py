"""A big installation is backed up and restored within a quarter of an hour, every byte under a checksum."""

import time
from pathlib import Path

import pytest
from django.core.management import call_command

from ranportal.shared.keeping import manifest
from registrations.mail import restored
from registrations.models import OutgoingMail, Registration
from tests import crowd, databases
from tests.faults import kept, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

SECONDS = 15 * 60


def test_a_big_database_is_backed_up_and_restored_in_a_quarter_of_an_hour(big, big_rows, tmp_path: Path):
    folder = tmp_path / "backup"
    with kept.installation(big, tmp_path / "former"):
        start = time.monotonic()
        call_command("backup", str(folder))
        saved = time.monotonic()
    with databases.fresh(tmp_path, "big_restored") as latter, kept.installation(latter, tmp_path / "latter"):
        begun = time.monotonic()
        call_command("restore", str(folder))
        back = time.monotonic()
        registrations = Registration.objects.count()
        held = OutgoingMail.objects.filter(restored.IS_WAITING).count()

    found = manifest.read(folder)
    report.add(
        fault=f"{big_rows:,} registrations backed up and restored",
        goal="≤ 15 min, checksummed",
        reached=f"{found.rows:,} rows, {found.bytes / 1_000_000:.0f} MB: backup {saved - start:.0f} s, restore"
        f" {back - begun:.0f} s, {registrations:,} registrations back, {held:,} mails on hold",
    )
    assert registrations == big_rows
    assert held == big_rows
    assert found.rows > big_rows * (3 + crowd.ANSWERS + crowd.MOVES + crowd.MAILS)
    if report.is_full():
        assert saved - start + back - begun < SECONDS
