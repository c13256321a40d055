"""What of one's own data is told by the private page at any moment, and what by the data protection officer alone."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, models, transaction
from django.test import Client

from registrations import field_register, own_data
from registrations.enums import Act, CheckResult, Extra, Finding, LookKind, Outcome, ReasonCode, VouchAnswer
from registrations.models import (
    Alarm,
    Bounce,
    Check,
    Consent,
    CounterCard,
    Decision,
    NotTold,
    Reconciliation,
    Redaction,
    Registration,
    Vouch,
)
from registrations.models.sealed import SealedRow
from registrations.questions import GivenAnswer
from registrations.services import intake, looking, privacy
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    CriterionFactory,
    DecisionFactory,
    OutgoingMailFactory,
    PinFactory,
    ProposalLineFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewFactory,
    ReviewTaskFactory,
    UserFactory,
    person,
)
from tests.registrations.pages import follow, mine_url, text_of

pytestmark = pytest.mark.django_db

EMAIL = "canary@example.org"
#: What staff said, each where it is said.
BY_STAFF = (
    "decisionwords",
    "commentwords",
    "conflictwords",
    "notewords",
    "pinwords",
    "linewords",
    "passagewords",
    "stagewords",
    "Not selected",
    "By score",
    "Refused",
    "Conflict of interest",
    "Decision staged",
    "Scored",
    "Passage hidden",
    "Rigour",
)


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def applicant() -> Registration:
    """Somebody of whom staff have said all that can be said, and released nothing."""
    one = RegistrationFactory(
        submitted=True,
        call__selective=True,
        identity__email=EMAIL,
        check_result=CheckResult.REFUSED,
        checked_at=NOW,
        checked_by=UserFactory(),
    )
    check = Check(registration=one, result=CheckResult.REFUSED, checked_at=NOW, checked_by=one.checked_by)
    check.note = "notewords: her chief does not know her"
    check.save()
    criterion = CriterionFactory(call=one.call, label="Rigour")
    ReviewFactory(registration=one, comment="commentwords").scores.create(criterion=criterion, value=1)
    ReviewFactory(registration=one, has_conflict=True, comment="conflictwords")
    ReviewTaskFactory(registration=one)
    PinFactory(registration=one, reason="pinwords")
    ProposalLineFactory(registration=one, reason="linewords")
    DecisionFactory(registration=one, outcome=Outcome.DECLINE, reason_code=ReasonCode.SCORE, reason="decisionwords")
    answer = AnswerFactory(registration=one, value="my own words", text="my own words")
    redaction = Redaction(answer=answer, redacted_at=NOW, redacted_by=one.checked_by)
    redaction.passage = "passagewords"
    redaction.save()
    for act in (Act.SCORE, Act.DECLARE_CONFLICT, Act.STAGE, Act.REDACT, Act.PIN, Act.CHECK, Act.CHANGE_ROLE):
        one.transitions.create(
            act=act, source=one.state, target=one.state, at=NOW, by=one.checked_by, reason="stagewords"
        )
    return one


def told_to_person(client: Client, registration: Registration) -> list[str]:
    """The page, and the two files."""
    follow(client, registration)
    address = f"{mine_url(registration)}data/"
    files = [client.post(address, {"action": kind}).content.decode() for kind in ("json", "text")]
    return [text_of(client.get(address)), *files]


def test_the_person_reads_nothing_that_staff_said_or_did_not_release(client: Client, applicant: Registration) -> None:
    for told in told_to_person(client, applicant):
        assert [words for words in BY_STAFF if words in told] == []
        assert "my own words" in told
        assert "Role changed" in told
        assert "data-protection-officer@example.org" in told


def test_the_person_s_copy_has_these_parts_and_no_other(applicant: Registration) -> None:
    """Whoever adds one to it says here that the person may read it before a release, too."""
    applicant.check_result = CheckResult.FINE
    told = own_data.for_person(applicant)

    assert set(told) == {
        *("not_in_this_copy", "reference", "event", "state", "role", "country", "profession"),
        *("given_name", "family_name", "display_name", "email", "organisation"),
        *("sent_at", "address_confirmed_at", "state_since", "answer_expected_by", "is_excused", "privacy_statement"),
        *("answers", "who_you_are", "looked_at_who_you_are", "extras", "contact_points", "calls_for_help"),
        *("decision", "history", "looks", "mails", "counter_card"),
    }


def test_the_officer_s_export_has_all_of_it(applicant: Registration) -> None:
    told = json.dumps(privacy.export_person(email=EMAIL), ensure_ascii=False)

    # Why a proposal said something, and what a reviewer said of the own conflict, is about others.
    assert [words for words in BY_STAFF if words not in told] == ["conflictwords", "linewords"]


def test_once_it_is_released_the_decision_is_told_as_the_mail_tells_it(client: Client, applicant: Registration) -> None:
    Decision.objects.update(released_at=NOW)

    for told in told_to_person(client, applicant):
        assert "We cannot offer you a place this time." in told
        assert "decisionwords" not in told
        assert "By score" not in told


def test_of_a_check_the_person_reads_when_and_the_result_only_once_it_is_fine(applicant: Registration) -> None:
    told = own_data.for_person(applicant)
    assert told["looked_at_who_you_are"] == [{"at": NOW.isoformat()}]
    assert "who_you_are" not in told

    applicant.check_result = CheckResult.FINE
    assert own_data.for_person(applicant)["who_you_are"] == "Fine"


@pytest.mark.parametrize("is_proven", [True, False])
def test_the_counter_card_is_told_for_a_proven_address(client: Client, is_proven: bool) -> None:
    registration = RegistrationFactory(proven_at=NOW if is_proven else None)
    CounterCard.objects.create(address_index=registration.address_index, applied=7, last_on=NOW.date())

    assert ["Counter card" in told for told in told_to_person(client, registration)[::2]] == [is_proven] * 2


# Files


@pytest.fixture
def with_file() -> Registration:
    call = CallFactory()
    question = QuestionFactory(call=call, kind="file")
    facts: dict[str, str | int] = {"name": "cv.pdf", "size": 9, "content_type": "application/pdf"}
    given = GivenAnswer(facts, "cv.pdf", SimpleUploadedFile("cv.pdf", b"%PDF-1.7 "))
    intake.submit(call=call, person=person(), answers={question: given}, now=NOW, received_at=NOW)
    sent = Registration.objects.get()
    return intake.prove(registration=sent, version=sent.version, now=NOW)


def test_the_person_takes_the_own_files_along(client: Client, with_file: Registration) -> None:
    follow(client, with_file)
    address = f"{mine_url(with_file)}data/"
    assert "cv.pdf" in text_of(client.get(address))

    response: Any = client.post(address, {"answer": str(with_file.answers.get().pk)})

    assert b"".join(response.streaming_content) == b"%PDF-1.7 "
    assert response["Content-Disposition"].startswith("attachment; ")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert with_file.transitions.filter(act=Act.DOWNLOAD).count() == 1


def test_nobody_takes_the_file_of_another_or_one_that_is_gone(client: Client, with_file: Registration) -> None:
    answer = with_file.answers.get()
    other = RegistrationFactory()
    follow(client, other)
    assert client.post(f"{mine_url(other)}data/", {"answer": str(answer.pk)}).status_code == 400

    follow(client, with_file)
    answer.file.storage.delete(answer.file.name)
    assert client.post(f"{mine_url(with_file)}data/", {"answer": str(answer.pk)}).status_code == 404
    assert not with_file.transitions.filter(act=Act.DOWNLOAD).exists()


# The register

KEYED = "A keyed number or the name of a key: it says nothing that does not stand beside it in the clear."
OF_OTHERS = "It is about others, or was promised to them."
WHICH = "Which row belongs to which, or only counts rows."
IN_OTHER_WORDS = "The export tells it in other words."
#: What of the register's columns about people no export repeats, with the reason.
NOT_TOLD = {
    KEYED: {
        "registrations.Registration.address_index",
        "registrations.Registration.same_address_number",
        "registrations.Registration.form_digest",
        "registrations.Identity.organisation_index",
        "registrations.Vouch.address_index",
        "registrations.Vouch.key_id",
        "registrations.PrivateLink.key_id",
        "registrations.CounterCard.address_index",
        "registrations.Bounce.digest",
    },
    OF_OTHERS: {
        "registrations.Vouch.answer",
        "registrations.Proposal.receipt",
        "registrations.ProposalLine.rank",
        "registrations.ProposalLine.reason",
        "registrations.Decision.rank",
    },
    WHICH: {
        "registrations.Vouch.number",
        "registrations.Alarm.number",
        "registrations.Decision.proposal",
        "registrations.Bounce.mail",
        "registrations.NotTold.registration",
        "registrations.NotTold.mail",
        "registrations.OutgoingMail.registration",
        "registrations.OutgoingMail.vouch",
        "registrations.OutgoingMail.link",
        "registrations.OutgoingMail.key",
    },
    IN_OTHER_WORDS: {
        # As `answer`; the file itself is taken along on the private page.
        "registrations.Answer.value",
        "registrations.Answer.plain_value",
        "registrations.Answer.plain_text",
        "registrations.Answer.file",
        # What a mail says: the facts stand in the export, and it lies in the person's mailbox.
        "registrations.OutgoingMail.facts",
        "registrations.OutgoingMail.rendered",
        # As `state` and `tries`.
        "registrations.OutgoingMail.tried_since",
        "registrations.OutgoingMail.last_error",
        # As `looks`: by day, role and way.
        "registrations.AccessEntry.at",
        "registrations.AccessEntry.kind",
        "registrations.AccessEntry.page",
        "registrations.AccessEntry.subjects",
        "registrations.AccessEntry.purpose",
        "registrations.AccessEntry.digest",
    },
}


NUMBERS = ("waiting", "replaced", "missing", "doubled", "repeated")


@pytest.fixture
def whole(applicant: Registration) -> Registration:
    """The applicant with a row in every table that can say something of a person."""
    for row in (
        Consent(registration=applicant, extra=Extra.DIET, wording="w", given_at=NOW),
        Alarm(registration=applicant, number=1, raised_at=NOW, handled_at=NOW, handled_by=applicant.checked_by),
        Vouch(
            registration=applicant,
            number=1,
            key_id="k",
            asked_at=NOW,
            expires_at=NOW,
            answer=VouchAnswer.KNOWS,
            answered_at=NOW,
        ),
    ):
        for part in row._meta.get_field("sealed").parts:
            setattr(row, part, f"{part} of it")
        row.save()
    mail = OutgoingMailFactory(registration=applicant, sent=True)
    Bounce.objects.create(mail=mail, digest="d", is_permanent=True, status="5.1.1", at=NOW)
    check = Reconciliation.objects.create(
        call=applicant.call, day=NOW.date(), checked_at=NOW, promised=1, told=0, stopped=1, **dict.fromkeys(NUMBERS, 0)
    )
    NotTold.objects.create(
        reconciliation=check, registration=applicant, mail=mail, kind=mail.kind, finding=Finding.RETURNED
    )
    CounterCard.objects.create(address_index=applicant.address_index, last_on=NOW.date())
    looking.enter(
        user=None, kind=LookKind.LIST, page="x", call_id=None, references=[applicant.reference], purpose="p", now=NOW
    )
    return applicant


def others_than(field: models.Field, value: Any) -> list[Any]:
    """Values of such a column that are not this one."""
    if field.choices:
        return [choice for choice, _ in field.flatchoices if choice != value]
    if isinstance(field, models.BooleanField):
        return [not value]
    if isinstance(field, models.DateTimeField):
        return [(value or NOW) + timedelta(days=9), (value or NOW) - timedelta(days=9)]
    if isinstance(field, models.DateField):
        return [value + timedelta(days=9)]
    if isinstance(field, models.IntegerField | models.FloatField):
        return [(value or 0) + 3]
    return ["EE" if field.max_length == 2 else f"changed {value}"[: field.max_length]]


def told_of(row: models.Model, name: str) -> bool:
    """Whether the column, or sealed part, can say something else, and the export is another then."""
    before = json.dumps(privacy.export_person(email=EMAIL), default=str)
    sealed = isinstance(row, SealedRow) and name in getattr(row._meta.get_field("sealed"), "parts", ())
    values = ["said otherwise"] if sealed else others_than(row._meta.get_field(name), getattr(row, name))
    for value in values:
        with suppress(IntegrityError), transaction.atomic():
            if sealed:
                setattr(row, name, value)
                row.save()
            else:
                type(row)._default_manager.filter(pk=row.pk).update(**{name: value})
            after = json.dumps(privacy.export_person(email=EMAIL), default=str)
            transaction.set_rollback(True)
            return after != before
    return False


def test_every_column_about_people_is_in_the_officer_s_export_or_on_the_list(whole: Registration) -> None:
    listed = set().union(*NOT_TOLD.values())
    silent = set()
    for column in sorted(field_register.parts_about_person() - listed):
        label, _, name = column.rpartition(".")
        row = apps.get_model(label)._default_manager.first()
        assert row is not None, column
        if not told_of(row, name):
            silent.add(column)

    assert silent == set()
    assert listed <= field_register.parts_about_person()


def test_a_column_that_no_export_tells_is_found(whole: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "_check", lambda registration: {})
    assert not told_of(Check.objects.get(), "note")
