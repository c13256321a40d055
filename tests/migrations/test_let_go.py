"""What must not stand any more after an upgrade: what was typed into refused sign-ins, and a consent that is required."""

from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command

from registrations.enums import LegalBasis
from registrations.models import LibraryQuestion, Question
from tests import databases
from tests.factories import CallFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def test_the_upgrade_empties_what_was_typed_into_refused_sign_ins(tmp_path: Path) -> None:
    with databases.fresh(tmp_path, "typed_of_a_test", is_migrated=True) as database, databases.used(database):
        call_command("migrate", "accounts", "0006_who_sees_people", verbosity=0)
        typed = {"get_data": "next=typed-too", "post_data": "password=quite-another-phrase"}
        AccessAttempt.objects.create(username="boss@example.org", failures_since_start=4, **typed)

        call_command("migrate", "accounts", verbosity=0)

        kept = AccessAttempt.objects.get()
        assert (kept.username, kept.failures_since_start) == ("boss@example.org", 4)
        assert (kept.get_data, kept.post_data) == ("", "")


def test_after_the_upgrade_nobody_must_answer_what_rests_on_consent(tmp_path: Path) -> None:
    asked = {
        "consent": {"legal_basis": LegalBasis.CONSENT},
        "explicit": {"legal_basis": LegalBasis.EXPLICIT_CONSENT, "is_sensitive": True},
        "sensitive": {"legal_basis": LegalBasis.PUBLIC_TASK, "is_sensitive": True},
        "duty": {"legal_basis": LegalBasis.LEGAL_DUTY, "is_sensitive": True},
        "task": {"legal_basis": LegalBasis.PUBLIC_TASK},
    }
    with databases.fresh(tmp_path, "free_of_a_test", is_migrated=True) as database, databases.used(database):
        call, same = CallFactory(), {"kind": "short_text", "label": "x", "is_required": True}
        for position, (key, care) in enumerate(asked.items()):
            Question.objects.create(call=call, key=key, position=position, **same, **care)
            LibraryQuestion.objects.create(key=key, **same, **care)
        call_command("migrate", "registrations", "0025_contact_address_index", verbosity=0)

        call_command("migrate", "registrations", verbosity=0)

        for model in (Question, LibraryQuestion):
            required = model.objects.filter(is_required=True).values_list("key", flat=True)
            assert sorted(required) == ["duty", "task"]
