"""What the law asks for about one person: everything told, everything erased, and an end by itself."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registrations import review_reports
from registrations.enums import Act, MailState, State
from registrations.models import (
    Answer,
    Check,
    Decision,
    Identity,
    OutgoingMail,
    Pin,
    ProposalLine,
    Redaction,
    Registration,
    Review,
    ReviewTask,
)
from registrations.questions import GivenAnswer
from registrations.services import intake, privacy
from tests import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    DecisionFactory,
    OutgoingMailFactory,
    PinFactory,
    ProposalLineFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    ReviewFactory,
    ReviewTaskFactory,
    UserFactory,
    person,
)
from tests.registrations.checking import noted

pytestmark = pytest.mark.django_db

CANARY = "Vilhelmine-Canary"


def everything_about(registration: Registration) -> str:
    """All rows that hang on a registration, as text."""
    rows: list[Any] = list(Registration.objects.filter(pk=registration.pk).values())
    for model in (Identity, Answer, Check, Review, OutgoingMail):
        rows += model.objects.filter(registration=registration).values()
    for model in (Pin, ProposalLine, ReviewTask):
        rows += model.objects.filter(registration=registration).values()
    rows += Redaction.objects.filter(answer__registration=registration).values()
    rows += registration.transitions.values()
    rows += type(registration.decision).objects.filter(registration=registration).values()
    return str(rows)


@pytest.fixture
def known() -> Registration:
    """A person with a canary in every place that takes free text."""
    registration = RegistrationFactory(
        submitted=True,
        call__selective=True,
        identity__email="canary@example.org",
        identity__given_name=CANARY,
        identity__organisation=CANARY,
    )
    answer = AnswerFactory(registration=registration, value=CANARY)
    Redaction.objects.create(answer=answer, passage=CANARY, redacted_at=NOW, redacted_by=UserFactory())
    PinFactory(registration=registration, reason=CANARY)
    ProposalLineFactory(registration=registration, reason=f"Not proposed, {CANARY}.")
    ReviewTaskFactory(registration=registration)
    ReviewFactory(registration=registration, comment=CANARY)
    DecisionFactory(registration=registration, reason=CANARY)
    noted(registration, note=f"Called {CANARY}")
    OutgoingMailFactory(registration=registration, rendered=CANARY.encode(), sent=True)
    return registration


def test_an_export_tells_all_that_is_held(known: Registration) -> None:
    told = json.dumps(privacy.export_person(email="canary@example.org"), ensure_ascii=False)

    assert told.count(CANARY) == 8
    assert known.reference in told
    assert "canary@example.org" in told


def test_an_export_names_nobody_else(known: Registration) -> None:
    RegistrationFactory(call=known.call, identity__given_name="Somebodyelse")

    told = json.dumps(privacy.export_person(email="canary@example.org"))

    assert "Somebodyelse" not in told
    assert "staff" not in told


def test_an_export_tells_what_was_proposed_but_not_why_since_that_is_about_others(known: Registration) -> None:
    [told] = privacy.export_person(email="canary@example.org")["registrations"]

    assert [line["said"] for line in told["proposals"]] == ["Proposed"]
    assert "Not proposed, " not in str(told)
    assert told["fixed_for_proposals"]["reason"] == CANARY
    assert [hidden["passage"] for hidden in told["hidden_from_reviewers"]] == [CANARY]
    assert len(told["given_to_reviewers"]) == 1
    assert told["decision"]["code"] == "Another reason"


def test_an_export_leaves_out_what_a_reviewer_said_of_the_own_conflict_of_interest(known: Registration) -> None:
    ReviewFactory(registration=known, has_conflict=True, comment="He is my former boss at the ministry")
    told = str(privacy.export_person(email="canary@example.org"))
    assert "former boss" not in told
    assert f"'comment': '{CANARY}'" in told


def test_an_export_tells_of_others_in_no_text_of_the_staff(known: Registration) -> None:
    words = f"After P-2ZZZZ, not {known.reference}; write to ann@clinic.lv or call +371 2912 3456."
    sealed.rewrite(known.checks.all(), note=words)
    known.reviews.update(comment=words)
    known.transitions.update(reason=words)
    Pin.objects.update(reason=words)
    Decision.objects.update(reason=words)

    told = str(privacy.export_person(email="canary@example.org"))

    for theirs in ("P-2ZZZZ", "ann@clinic.lv", "2912"):
        assert theirs not in told
    masked = f"After (another person), not {known.reference}; write to (mail address) or call (telephone number)."
    assert told.count(masked) == 4 + known.transitions.count()


def test_an_erasure_keeps_what_was_proposed_and_decided_for_the_numbers(known: Registration) -> None:
    privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    assert known.proposal_lines.get().reason == "(erased)"
    assert known.decision.reason_code == "other"
    assert not Pin.objects.exists()
    assert not Redaction.objects.exists()


def test_an_erasure_opens_no_other_application_to_the_reviewers_of_the_call() -> None:
    call = CallFactory(selective=True)
    given = RegistrationFactory(submitted=True, call=call, identity__email="canary@example.org")
    other = RegistrationFactory(submitted=True, call=call)
    ReviewTaskFactory(registration=given)
    reviewer = ReviewAssignmentFactory(call=call).reviewer
    assert not review_reports.may_read(other, reviewer)

    privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    assert not review_reports.may_read(other, reviewer)


def test_each_row_that_hangs_on_a_person_is_thought_of() -> None:
    """A new model that points at registrations or answers is to be added to this file and to the service."""
    pointing = {
        relation.related_model.__name__ for model in (Registration, Answer) for relation in model._meta.related_objects
    }
    assert pointing == {
        "Alarm",
        "Answer",
        "Check",
        "Consent",
        "Decision",
        "Identity",
        "NotTold",
        "OutgoingMail",
        "Pin",
        "PrivateLink",
        "ProposalLine",
        "Redaction",
        "Review",
        "ReviewTask",
        "Transition",
        "Vouch",
    }


def test_an_erasure_leaves_no_word_of_the_person(known: Registration) -> None:
    assert CANARY in everything_about(known)

    erased = privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    assert erased.references == (known.reference,)
    left = everything_about(known)
    assert CANARY not in left
    assert "canary@example.org" not in left
    known.refresh_from_db()
    assert known.transitions.last().act == Act.ERASE
    assert not known.links.filter(revoked_at=None).exists()


def test_an_erasure_sends_nothing_and_lets_the_next_one_up() -> None:
    call = CallFactory(capacity=1)
    first = RegistrationFactory(call=call, identity__email="canary@example.org")
    waiting = RegistrationFactory(call=call, on_list=True)
    OutgoingMailFactory(registration=first)

    assert privacy.erase_person(email="canary@example.org", by=None, now=NOW).given_up == 1

    waiting.refresh_from_db()
    assert waiting.state == State.CONFIRMED
    assert not OutgoingMail.objects.filter(registration=first, state=MailState.QUEUED).exists()


def test_an_erasure_keeps_the_numbers_of_a_past_event() -> None:
    registration = RegistrationFactory(state=State.ATTENDED, identity__email="canary@example.org")

    privacy.erase_person(email="canary@example.org", by=None, now=NOW)

    registration.refresh_from_db()
    registration.call.refresh_from_db()
    assert (registration.state, registration.country, registration.call.places_taken) == (State.ATTENDED, "LV", 1)


def test_an_erased_person_may_register_again() -> None:
    call = CallFactory()
    RegistrationFactory(call=call, identity__email=person().email)
    privacy.erase_person(email=person().email, by=None, now=NOW)

    assert intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link is not None


def test_an_erasure_deletes_files_once_it_is_certain(django_capture_on_commit_callbacks: Any) -> None:
    call = CallFactory()
    question = QuestionFactory(call=call, kind="file")
    facts: dict[str, str | int] = {"name": "cv.pdf", "size": 9, "content_type": "application/pdf"}
    given = GivenAnswer(facts, "cv.pdf", SimpleUploadedFile("cv.pdf", b"%PDF-1.7 "))
    intake.submit(call=call, person=person(), answers={question: given}, now=NOW, received_at=NOW)
    file = Answer.objects.get().file
    assert file.storage.exists(file.name)

    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(email=person().email, by=None, now=NOW)

    assert not file.storage.exists(file.name)


def test_nobody_known_is_told() -> None:
    with pytest.raises(privacy.NobodyKnown):
        privacy.erase_person(email="nobody@example.org", by=None, now=NOW)
