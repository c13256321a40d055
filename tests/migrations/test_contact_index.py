"""Contact points who were named before the upgrade are found by their address afterwards, and no mail's key tells it."""

from pathlib import Path

import pytest
from django.core.management import call_command

from registrations.models import CallKey, OutgoingMail, Vouch
from registrations.people import address_index
from registrations.services import vouching
from tests import databases
from tests.factories import NOW, CallFactory, RegistrationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

BEFORE = "0024_log_cut_by_age"
EMAIL = "chief@clinic.example.org"


def asked(email: str = EMAIL) -> Vouch:
    registration = RegistrationFactory(call=CallFactory(join_link_needs_check=True))
    return vouching.ask(registration=registration, name="Anna Chief", email=email, now=NOW)


def test_the_upgrade_finds_contact_points_by_what_is_sealed(tmp_path: Path) -> None:
    with databases.fresh(tmp_path, "contacts_of_a_test", is_migrated=True) as database, databases.used(database):
        known, gone, changed = asked(), asked(), asked()
        OutgoingMail.objects.filter(vouch=known).update(key=f"v{known.pk}:vouch_asked:{known.address_index}")
        Vouch.objects.filter(pk=changed.pk).update(sealed=b"\x01" + bytes(60))
        keys = CallKey.objects.filter(call=gone.registration.call)
        keys.update(wrapped=b"", master_id="", destroyed_at=NOW)
        call_command("migrate", "registrations", BEFORE, verbosity=0)

        call_command("migrate", "registrations", verbosity=0)

        indexes = Vouch.objects.order_by("pk").values_list("address_index", flat=True)
        assert list(indexes) == [address_index(EMAIL), "", ""]
        assert OutgoingMail.objects.get(vouch=known).key == f"v{known.pk}:vouch_asked:1"
