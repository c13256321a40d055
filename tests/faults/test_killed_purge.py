"""A purge is killed in the middle: what its certificate says was done, and the next one ends it."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from registrations.models import CounterCard, DeletionCertificate, Registration
from registrations.models.registration import ERASED
from registrations.services import certificates, purging
from tests.factories import NOW, RegistrationFactory
from tests.workers import environment_of_this_test

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

LATER = NOW + timedelta(days=100)


def erased() -> int:
    return Registration.objects.filter(address_index__startswith=ERASED).count()


def test_the_next_purge_ends_what_a_killed_one_began() -> None:
    for _ in range(5):
        RegistrationFactory(declined=True)
    command = [sys.executable, "-m", "tests.faults.purge_killed", LATER.isoformat()]
    settings = {"DJANGO_SETTINGS_MODULE": "ranportal.settings"}

    killed = subprocess.run(command, env=environment_of_this_test() | settings, timeout=60, check=False)

    assert killed.returncode == -signal.SIGKILL
    broken_off = DeletionCertificate.objects.get()
    assert broken_off.finished_at is None
    # The third was not committed.
    assert (broken_off.counts["people without a place"], erased(), CounterCard.objects.count()) == (2, 2, 2)

    ended = purging.purge_expired(now=LATER + timedelta(days=1)).certificate

    assert ended == broken_off
    assert ended.counts["people without a place"] == 5
    assert certificates.is_whole(ended)
    assert ended.counts["rows of people who were erased"] == 5
    assert (erased(), CounterCard.objects.count(), DeletionCertificate.objects.count()) == (0, 5, 1)
