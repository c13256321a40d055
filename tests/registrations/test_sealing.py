"""What people say is sealed with the key of their call: it stands nowhere in the clear, opens in no other place, and
is gone with its key."""

import logging

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from ranportal.shared import sealing
from registrations import looks, reports
from registrations.enums import QuestionKind
from registrations.mail import addressees
from registrations.models import Answer, CallKey, Check, Identity, OutgoingMail, Redaction, Registration, call_key
from registrations.models.answer import FOLDER, private_storage
from registrations.models.call_key import KeyDestroyed
from registrations.models.sealed import ERASED, UNREADABLE, SealedRow
from registrations.questions import GivenAnswer
from registrations.services import call_keys, form_building, intake, reviewing, uploads
from tests import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    OutgoingMailFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    person,
)
from tests.registrations.checking import noted
from tests.registrations.pages import follow, mine_url
from tests.registrations.people_story import LIST, REVIEWS, call_page, change_page, signed_in, story

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

PLANTED = (
    "Zquorthia",
    "Vexilbrand",
    "Nymborough",
    "qxanadu",
    "Glimworth Trust",
    "brontosyne",
    "8675309421",
    "ozmander",
)
OLD, NEW = "an-old-master-key-" * 4, "a-new-master-key-" * 4


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """The field keeps the storage of the moment at which its model was made."""
    monkeypatch.setattr(Answer._meta.get_field("file"), "storage", private_storage())


def forget_keys():
    """As a process that starts anew."""
    call_key._keys.clear()


def plant():
    """A person of whom every field holds a word that stands nowhere else."""
    call = CallFactory()
    text = QuestionFactory(call=call, kind=QuestionKind.LONG_TEXT)
    number = QuestionFactory(call=call, kind=QuestionKind.NUMBER, is_sensitive=True)
    file = QuestionFactory(call=call, kind=QuestionKind.FILE)
    upload = SimpleUploadedFile("ozmander.txt", b"written by ozmander")
    facts = {"name": "ozmander.txt", "size": 19, "content_type": "text/plain"}
    given, family, shown, address, house, answer, chosen, _ = PLANTED
    said = {
        text: GivenAnswer(f"I am {answer}", f"I am {answer}"),
        number: GivenAnswer(int(chosen), chosen),
        file: GivenAnswer(facts, "ozmander.txt", upload),
    }
    who = person(
        1, given_name=given, family_name=family, display_name=shown, email=f"{address}@example.org", organisation=house
    )
    intake.submit(call=call, person=who, answers=said, now=NOW, received_at=NOW)
    registration = sealed.of_address(who.email)
    organiser = UserFactory()
    noted(registration, note=f"Is {given}", by=organiser)
    reviewing.redact(answer=registration.answers.get(question=text), passage=answer, by=organiser, now=NOW)
    return registration


def dump():
    """All columns of all tables, as bytes."""
    content = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                content += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]
    return b"\n".join(content)


def stored():
    """All bytes of the private storage, and all names there."""
    names = private_storage().listdir(FOLDER)[1]
    return b"\n".join(bytes_of(f"{FOLDER}/{name}") + name.encode() for name in names)


def bytes_of(name):
    with private_storage().open(name) as file:
        return file.read()


def found_in(content):
    return [word for word in PLANTED if word.encode() in content]


def test_no_name_address_organisation_answer_note_or_passage_stands_in_the_database_or_beside_it():
    plant()

    content, files = dump(), stored()

    assert Registration.objects.get().reference.encode() in content
    assert len(files) > 40
    assert found_in(content) == []
    assert found_in(files) == []


def test_without_the_seal_each_of_them_would_stand_there(monkeypatch):
    """The control: the words are planted, and the finder finds them."""
    seal, opened = sealing.seal, sealing.opened

    def not_sealed(plain, *, key, key_id, place):
        whole = seal(plain, key=key, key_id=key_id, place=place)
        return whole if place == "master" else whole[:29] + plain

    def read(content, *, key, place):
        return opened(content, key=key, place=place) if place == "master" else content[29:]

    monkeypatch.setattr(sealing, "seal", not_sealed)
    monkeypatch.setattr(sealing, "opened", read)
    plant()

    assert found_in(dump()) == list(PLANTED)
    assert found_in(stored()) == ["ozmander"]


def test_what_was_planted_reads_as_it_was_written():
    registration = Registration.objects.get(pk=plant().pk)

    assert [getattr(registration.identity, part) for part in ("given_name", "email")] == [
        "Zquorthia",
        "qxanadu@example.org",
    ]
    assert [answer.text for answer in registration.answers.all()] == ["I am brontosyne", "8675309421", "ozmander.txt"]
    assert Check.objects.get().note == "Is Zquorthia"
    assert Redaction.objects.get().passage == "brontosyne"
    assert uploads.opened(registration.answers.exclude(file="").get()).read() == b"written by ozmander"


def two_answers(**of_second):
    first = AnswerFactory(value="mine", text="mine")
    second = AnswerFactory(value="theirs", text="theirs", **of_second)
    return Answer.objects.get(pk=first.pk), Answer.objects.get(pk=second.pk)


def moved(source: SealedRow, target: SealedRow) -> SealedRow:
    """The target as it is read after somebody who can write to the database gave it what the source says."""
    type(target).objects.filter(pk=target.pk).update(sealed=bytes(source.sealed))
    return type(target).objects.get(pk=target.pk)


def test_what_is_moved_to_another_person_question_or_call_opens_nowhere():
    first, of_another_call = two_answers()
    of_another_person = AnswerFactory(registration=RegistrationFactory(call=first.registration.call))
    of_another_question = AnswerFactory(registration=first.registration)

    for target in (of_another_call, of_another_person, of_another_question):
        row = moved(first, target)
        assert row.text == UNREADABLE
        with pytest.raises(sealing.Unopened):
            row.said("text")
    assert moved(first, first).text == "mine"


def test_were_it_not_bound_to_its_place_it_would_open_in_any(monkeypatch):
    """The control: the key is the same within a call."""
    monkeypatch.setattr(SealedRow, "_place", lambda row: "anywhere")
    first = AnswerFactory(value="mine", text="mine")
    other = AnswerFactory(registration=RegistrationFactory(call=first.registration.call))

    assert moved(Answer.objects.get(pk=first.pk), other).text == "mine"


def test_an_identity_opens_for_nobody_else_and_a_file_for_no_other_answer():
    call = CallFactory()
    first, second = (RegistrationFactory(call=call).identity for _ in range(2))
    assert moved(Identity.objects.get(pk=first.pk), second).family_name == UNREADABLE

    answer = plant().answers.exclude(file="").get()
    other = f"{FOLDER}/{'0' * 32}"
    private_storage().save(other, ContentFile(bytes_of(answer.file.name)))
    answer.file = other
    with pytest.raises(sealing.Unopened):
        uploads.opened(answer)


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_changed_byte_opens_nothing(place):
    identity = RegistrationFactory().identity
    content = bytearray(identity.sealed)
    content[place] ^= 1
    Identity.objects.filter(pk=identity.pk).update(sealed=bytes(content))

    assert Identity.objects.get(pk=identity.pk).email in (UNREADABLE, ERASED)


@pytest.mark.parametrize("content", [b"\x01", b"x", b"\x01" * 29, b"\x01" * 40])
def test_what_is_no_sealed_bytes_at_all_opens_nothing(content):
    identity = RegistrationFactory().identity
    Identity.objects.filter(pk=identity.pk).update(sealed=content)

    assert Identity.objects.get(pk=identity.pk).email in (UNREADABLE, ERASED)


def test_the_log_names_a_row_that_does_not_open_by_its_number_once(caplog):
    identity = RegistrationFactory().identity
    Identity.objects.filter(pk=identity.pk).update(sealed=bytes(identity.sealed)[:-1] + b"?")
    row = Identity.objects.get(pk=identity.pk)
    caplog.set_level(logging.WARNING)

    assert {row.given_name, row.family_name, row.email} == {UNREADABLE}
    (line,) = [one.getMessage() for one in caplog.records]
    assert f"identity {row.pk}" in line
    assert "Bērziņš" not in line


def test_with_its_key_what_was_copied_before_is_gone():
    identity = RegistrationFactory(identity__email="janis@example.org").identity
    call, copy = identity.registration.call, bytes(identity.sealed)
    Identity.objects.filter(pk=identity.pk).update(sealed=b"")
    forget_keys()
    Identity.objects.filter(pk=identity.pk).update(sealed=copy)
    assert Identity.objects.get(pk=identity.pk).email == "janis@example.org"

    Identity.objects.filter(pk=identity.pk).update(sealed=b"")
    assert call_keys.destroy(call=call, now=NOW)
    forget_keys()
    Identity.objects.filter(pk=identity.pk).update(sealed=copy)

    row = Identity.objects.get(pk=identity.pk)
    assert (row.email, row.organisation) == (ERASED, ERASED)
    with pytest.raises(KeyDestroyed):
        row.said("email")


def test_a_key_stays_while_anything_that_it_sealed_is_left():
    registration = plant()
    call = registration.call
    with pytest.raises(call_keys.StillNeeded, match="answers, checks, files, identities, redactions"):
        call_keys.destroy(call=call, now=NOW)

    for model in (Redaction, Check, Answer):
        model.objects.all().delete()
    Identity.objects.update(sealed=b"")

    assert call_keys.destroy(call=call, now=NOW)
    assert not call_keys.destroy(call=call, now=NOW)
    key = CallKey.objects.get(call=call)
    assert (bytes(key.wrapped), key.master_id, key.destroyed_at) == (b"", "", NOW)


def rotated(settings, keys):
    settings.MASTER_KEYS = keys
    forget_keys()


def test_a_new_master_key_wraps_all_keys_and_the_old_one_can_go(settings, capsys):
    rotated(settings, [OLD])
    identities = [RegistrationFactory().identity for _ in range(3)]
    rotated(settings, [NEW, OLD])
    younger = RegistrationFactory().identity
    assert Identity.objects.get(pk=identities[0].pk).family_name == "Bērziņš"

    call_command("rotate_master_key")
    assert "wrapped anew" in (said := capsys.readouterr().out)
    assert ": 3; " in said
    assert "Left by others: 0." in said
    call_command("rotate_master_key")
    assert ": 0; " in capsys.readouterr().out

    rotated(settings, [NEW])
    for identity in (*identities, younger):
        assert Identity.objects.get(pk=identity.pk).family_name == "Bērziņš"


def test_an_old_master_key_that_is_taken_away_too_early_is_missed_aloud(settings):
    """The control of the rotation: the old key is needed until its end."""
    rotated(settings, [OLD])
    identity = RegistrationFactory().identity
    rotated(settings, [NEW])

    with pytest.raises(sealing.NoMasterKey):
        _ = Identity.objects.get(pk=identity.pk).email
    with pytest.raises(CommandError, match="Put it back"):
        call_command("rotate_master_key")


def test_an_interrupted_rotation_goes_on_where_it_stopped(settings, monkeypatch):
    rotated(settings, [OLD])
    for _ in range(3):
        CallFactory()
    rotated(settings, [NEW, OLD])
    wrap, calls = sealing.wrap, []

    def breaking(key, *, key_id):
        calls.append(key_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return wrap(key, key_id=key_id)

    monkeypatch.setattr(sealing, "wrap", breaking)
    with pytest.raises(KeyboardInterrupt):
        call_keys.rotate_master_key()
    assert call_keys.of_older_master_keys().count() == 2
    assert call_keys.rotate_master_key() == 2


def test_answers_to_a_question_that_becomes_sensitive_are_sealed_at_once():
    question = QuestionFactory(kind=QuestionKind.SINGLE_CHOICE, choices=[["vegan", "Vegan"]])
    registration = RegistrationFactory(call=question.call)
    AnswerFactory(registration=registration, question=question, value="vegan", text="Vegan")
    assert b"Vegan" in dump().replace(b"['vegan', 'Vegan']", b"").replace(b'[["vegan", "Vegan"]]', b"")

    form_building.change(question=question, values={"is_sensitive": True}, by=UserFactory(), now=NOW)

    answer = Answer.objects.get()
    assert (answer.plain_value, answer.plain_text) == ("", "")
    assert (answer.value, answer.text) == ("vegan", "Vegan")


def test_who_had_the_form_open_when_a_question_became_sensitive_is_sealed_as_well():
    question = QuestionFactory(kind=QuestionKind.SINGLE_CHOICE, choices=[["vegan", "Vegan"]])
    form_building.change(
        question=type(question).objects.get(), values={"is_sensitive": True}, by=UserFactory(), now=NOW
    )
    assert not question.is_sensitive

    said = {question: GivenAnswer("vegan", "Vegan")}
    intake.submit(call=question.call, person=person(1), answers=said, now=NOW, received_at=NOW)

    assert (Answer.objects.get().plain_text, Answer.objects.get().text) == ("", "Vegan")


def test_a_search_opens_one_call_and_looks_only_at_whom_it_finds():
    call = CallFactory()
    for name in ("Ozols", "Kalns"):
        RegistrationFactory(call=call, identity__family_name=name)
    elsewhere = RegistrationFactory(identity__family_name="Ozols")
    Identity.objects.filter(pk=elsewhere.pk).update(sealed=b"never opened")

    with looks.watched() as seen:
        (found,) = reports.people_found(Registration.objects.filter(call=call), "ozols", at_most=5)
        assert seen == set()
        assert found.identity.family_name == "Ozols"
    assert seen == {found.pk}


def test_a_row_that_was_saved_again_keeps_what_was_not_touched():
    identity = RegistrationFactory(identity__given_name="Anna").identity
    identity = Identity.objects.get(pk=identity.pk)
    index = identity.organisation_index
    identity.email = "new@example.org"
    identity.save()

    again = Identity.objects.get(pk=identity.pk)
    assert (again.given_name, again.email, again.organisation_index) == ("Anna", "new@example.org", index)


def test_what_does_not_open_is_not_overwritten_by_a_part_of_it():
    identity = RegistrationFactory().identity
    Identity.objects.filter(pk=identity.pk).update(sealed=bytes(identity.sealed)[:-1] + b"?")
    row = Identity.objects.get(pk=identity.pk)

    with pytest.raises(sealing.Unopened):
        row.email = "new@example.org"


@pytest.mark.parametrize("harm", ["changed", "destroyed"])
@time_machine.travel(NOW, tick=False)
def test_pages_stand_where_rows_do_not_open_any_more(harm, client):
    told = story()
    if harm == "destroyed":
        CallKey.objects.update(wrapped=b"", master_id="", destroyed_at=NOW)
        forget_keys()
    else:
        for model in (Identity, Answer):
            for row in model.objects.all():
                model.objects.filter(pk=row.pk).update(sealed=bytes(row.sealed)[:-1] + b"?")
    words = ERASED if harm == "destroyed" else UNREADABLE
    staff, reviewer = signed_in(told.organiser), signed_in(told.reviewer)
    follow(client, told.applicant)

    pages = [
        staff.get(change_page(told.applicant)),
        staff.get(f"{LIST}?call={told.call.pk}"),
        staff.post(call_page(told.call, "find/"), {"sought": "P-2AAAA x"}),
        reviewer.get(f"{REVIEWS}calls/{told.call.pk}/{told.applicant.reference}/"),
        client.get(mine_url(told.applicant)),
    ]

    assert [page.status_code for page in pages] == [200] * 5
    assert words in pages[0].content.decode()


def test_a_mail_goes_nowhere_while_nobody_can_read_its_address():
    mail = OutgoingMailFactory()
    Identity.objects.filter(pk=mail.registration_id).update(sealed=b"never opened by anybody")

    with pytest.raises(sealing.Unopened):
        addressees.address_of(OutgoingMail.objects.get())
