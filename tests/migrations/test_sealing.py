"""What stood in the clear is sealed by the upgrade, goes on where it was interrupted, and can be taken back."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from ranportal.shared import sealing
from registrations.enums import QuestionKind
from registrations.models import Answer, Check, Identity, Redaction
from registrations.models.answer import private_storage, upload_name
from registrations.services import uploads
from tests import databases
from tests.factories import NOW, AnswerFactory, QuestionFactory, RegistrationFactory, UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

#: The last one with names in the clear.
BEFORE = "0015_trust"
PLANTED = ("Zquorthia", "qxanadu@example.org", "Glimworth Trust", "brontosyne", "krellwyn")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """The field keeps the storage of the moment at which its model was made."""
    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", private_storage())


def plant() -> None:
    """Two people in one call; one has said and sent all that there is to seal, and something that is not."""
    registration = RegistrationFactory(
        identity__given_name=PLANTED[0], identity__email=PLANTED[1], identity__organisation=PLANTED[2]
    )
    RegistrationFactory(call=registration.call, identity__organisation=PLANTED[2])
    free = QuestionFactory(call=registration.call, kind=QuestionKind.LONG_TEXT)
    answer = AnswerFactory(registration=registration, question=free, value=PLANTED[3], text=PLANTED[3])
    choice = QuestionFactory(call=registration.call, kind=QuestionKind.SINGLE_CHOICE, choices=[["a", "A"]])
    AnswerFactory(registration=registration, question=choice, value="a", text="A")
    check = Check(registration=registration, result="fine", checked_at=NOW, checked_by=UserFactory())
    check.note = PLANTED[4]
    check.save()
    redaction = Redaction(answer=answer, redacted_at=NOW, redacted_by=check.checked_by)
    redaction.passage = PLANTED[3]
    redaction.save()


def send_a_file() -> None:
    """As it lay in the storage when nothing was sealed."""
    registration = RegistrationFactory()
    name = private_storage().save(upload_name(), ContentFile(b"%PDF of krellwyn"))
    question = QuestionFactory(call=registration.call, kind=QuestionKind.FILE)
    AnswerFactory(registration=registration, question=question, value={"name": "cv.pdf"}, text="cv.pdf", file=name)


def in_the_clear() -> list[str]:
    rows = str(databases.rows())
    return [word for word in PLANTED if word in rows]


def migrate(to: str | None = None) -> None:
    call_command("migrate", "registrations", *([to] if to else []), verbosity=0)


def test_the_upgrade_seals_what_stood_in_the_clear_and_the_way_back_opens_it(tmp_path: Path) -> None:
    with databases.fresh(tmp_path, "sealed_of_a_test", is_migrated=True) as database, databases.used(database):
        plant()
        assert in_the_clear() == []

        migrate(BEFORE)
        assert in_the_clear() == list(PLANTED)

        migrate()
        assert in_the_clear() == []
        said = [answer.text for answer in Answer.objects.order_by("pk")]
        first, second = Identity.objects.order_by("pk")
        assert (first.given_name, first.email, first.organisation) == PLANTED[:3]
        assert first.organisation_index == second.organisation_index != ""
        assert said == [PLANTED[3], "A"]
        assert Answer.objects.get(plain_text="A").plain_value == "a"
        assert (Check.objects.get().note, Redaction.objects.get().passage) == (PLANTED[4], PLANTED[3])


def test_a_file_is_sealed_in_the_storage_and_its_former_copy_goes(tmp_path: Path) -> None:
    with databases.fresh(tmp_path, "file_of_a_test", is_migrated=True) as database, databases.used(database):
        send_a_file()
        former = Answer.objects.get().file.name
        migrate(BEFORE)
        migrate()

        answer = Answer.objects.get()
        assert uploads.opened(answer).read() == b"%PDF of krellwyn"
        assert not private_storage().exists(former)
        with private_storage().open(answer.file.name) as stored:
            assert stored.read()[:1] == sealing.FORM


def test_an_interrupted_upgrade_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.fresh(tmp_path, "halfway_of_a_test", is_migrated=True) as database, databases.used(database):
        for number in range(5):
            RegistrationFactory(identity__email=f"person{number}@example.org")
        migrate(BEFORE)
        monkeypatch.setattr("registrations.migrations._sealing._CHUNK", 2)
        seal, calls = sealing.seal, []

        def breaking(*args: object, **kwargs: object) -> bytes:
            calls.append(args)
            if len(calls) == 4:
                raise KeyboardInterrupt
            return seal(*args, **kwargs)  # type: ignore[arg-type]

        with monkeypatch.context() as broken:
            broken.setattr(sealing, "seal", breaking)
            with pytest.raises(KeyboardInterrupt):
                migrate()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM registrations_identity WHERE email = ''")
            sealed_before = cursor.fetchone()[0]
        migrate()

        assert 0 < sealed_before < 5
        assert sorted(identity.email for identity in Identity.objects.all()) == [
            f"person{number}@example.org" for number in range(5)
        ]
