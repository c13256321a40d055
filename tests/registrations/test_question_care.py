"""Questions carry what they are for, by what right and how long: set in the builder and in files, told in the form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.enums import Role
from registrations.enums import KeptFor, LegalBasis
from registrations.models import KeepingRules, Question
from registrations.services import form_building
from tests.factories import NOW, AnswerFactory, CallFactory, QuestionFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, mine_url, register_url, text_of
from tests.registrations.study_visit import STUDY_VISIT
from tests.registrations.test_import_questions import ACCESS, values_of
from tests.registrations.test_import_writing import EARLIER_VISIT, line_of, refusal, run

pytestmark = pytest.mark.django_db

OPENED = "What we need it for, who sees it, when it goes"


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


# Call files


def with_access(more: str, *, sensitive: bool = True) -> str:
    line = ACCESS if sensitive else ACCESS.replace("sensitive: true", "sensitive: false")
    return STUDY_VISIT.replace(ACCESS, f"{line[:-1]}{more}}}")


def care(question: Question) -> tuple[str, str, str]:
    return question.purpose, question.legal_basis, question.kept_for


def test_a_sensitive_question_of_a_file_rests_on_explicit_consent_and_goes_early(folder: Path):
    run(folder, STUDY_VISIT, EARLIER_VISIT)

    assert care(Question.objects.get(key="access")) == ("", LegalBasis.EXPLICIT_CONSENT, KeptFor.SENSITIVE)
    assert care(Question.objects.exclude(key="access").first()) == ("", LegalBasis.PUBLIC_TASK, KeptFor.OUTCOME)


def test_a_file_says_what_a_question_is_for(folder: Path):
    run(folder, with_access(', purpose: "To let you in.", basis: legal_duty, kept_for: clearance'), EARLIER_VISIT)

    expected = ("To let you in.", LegalBasis.LEGAL_DUTY, KeptFor.CLEARANCE)
    assert care(Question.objects.get(key="access")) == expected


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (", basis: explicit, required: true", "what rests on consent is not required"),
        (", basis: curiosity", "“curiosity” is not a possible basis"),
        (", kept_for: ever", "“ever” is not a possible kept_for"),
        (", basis: public_task", "a sensitive question rests on explicit or legal_duty, not on public_task."),
        (", kept_for: outcome", "a sensitive answer is kept for sensitive or clearance, not for outcome."),
        (f', purpose: "{"x" * 201}"', "“purpose” has 201 characters; at most 200 fit."),
    ],
)
def test_what_cannot_be_is_told_with_its_line(folder: Path, more: str, words: str):
    text = with_access(more)

    told = refusal(folder, text, EARLIER_VISIT)

    assert words in told
    assert f":{line_of(text, more)}:" in told.replace(": ", ":") or f"line {line_of(text, more)}" in told
    assert not Question.objects.exists()


# The builder


def builder() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.PUBLISHER), backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(**changes: Any) -> dict[str, Any]:
    return {
        "label": "What do you eat?",
        "key": "diet",
        "kind": "short_text",
        "choices": "",
        "help": "",
        "audience": "organisers",
        "asked_of": "everyone",
        "purpose": "To order food.",
        "legal_basis": "public_task",
        "kept_for": "outcome",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("To order food.", "public_task", "outcome")),
        ({"is_sensitive": "on"}, ("To order food.", "explicit", "sensitive")),
        (
            {"is_sensitive": "on", "kept_for": "clearance", "legal_basis": "legal_duty"},
            (..., "legal_duty", "clearance"),
        ),
    ],
)
def test_the_builder_takes_what_a_question_is_for(changes, expected):
    call = CallFactory()

    answer = builder().post(f"/admin/events/call/{call.pk}/form/add/", sent(**changes))

    assert answer.status_code == 302, text_of(answer)
    said = care(call.questions.get())
    assert [one for one, wanted in zip(said, expected, strict=True) if wanted not in (..., one)] == []


def test_an_answer_may_become_sensitive_with_all_that_follows():
    question = AnswerFactory().question
    wanted = {"is_sensitive": True, "legal_basis": LegalBasis.EXPLICIT_CONSENT, "kept_for": KeptFor.SENSITIVE}
    values = values_of(question, **wanted)

    form_building.change(question=question, values=values, by=UserFactory(), now=NOW)

    assert care(Question.objects.get()) == ("", "explicit", "sensitive")


@pytest.mark.parametrize("change", [{"purpose": "To sell it."}, {"kept_for": "clearance"}, {"legal_basis": "consent"}])
def test_what_was_promised_with_an_answer_stays(change):
    question = AnswerFactory().question

    with pytest.raises(form_building.AlreadyAnswered):
        form_building.change(question=question, values=values_of(question, **change), by=UserFactory(), now=NOW)


@pytest.mark.parametrize("free", [{"is_sensitive": "on"}, {"legal_basis": "consent"}])
def test_nobody_must_answer_what_rests_on_consent(free):
    call = CallFactory()

    answer = builder().post(f"/admin/events/call/{call.pk}/form/add/", sent(is_required="on", **free))

    assert answer.status_code == 422
    assert "a consent counts only where people are free" in text_of(answer)
    assert not call.questions.exists()


def test_what_a_duty_asks_may_be_required():
    call = CallFactory()
    duty = {"is_sensitive": "on", "legal_basis": "legal_duty"}

    assert builder().post(f"/admin/events/call/{call.pk}/form/add/", sent(is_required="on", **duty)).status_code == 302
    assert call.questions.get().is_required


def test_no_other_way_makes_it_required():
    question = QuestionFactory(is_sensitive=True, legal_basis=LegalBasis.EXPLICIT_CONSENT)

    with pytest.raises(form_building.NotFree):
        form_building.change(question=question, values=values_of(question, is_required=True), by=UserFactory(), now=NOW)


def test_an_answered_question_that_becomes_sensitive_is_required_no_more():
    question = AnswerFactory(question__is_required=True).question

    answer = builder().post(
        f"/admin/events/call/{question.call_id}/form/{question.pk}/", {"audience": "organisers", "is_sensitive": "on"}
    )

    question.refresh_from_db()
    assert (answer.status_code, question.is_sensitive, question.is_required) == (302, True, False)


def test_no_earlier_version_of_it_stays_required_either():
    question = AnswerFactory(question__is_required=True, question__version=2).question
    earlier = QuestionFactory(call=question.call, key=question.key, is_required=True, retired_at=NOW)
    wanted = {"is_sensitive": True, "legal_basis": LegalBasis.EXPLICIT_CONSENT, "kept_for": KeptFor.SENSITIVE}

    values = values_of(question, **wanted, is_required=False)
    form_building.change(question=question, values=values, by=UserFactory(), now=NOW)

    earlier.refresh_from_db()
    assert (earlier.is_sensitive, earlier.is_required) == (True, False)


# The notes below a form


@pytest.mark.usefixtures("at_now")
def test_the_form_says_of_each_field_what_it_is_for_who_sees_it_and_when_it_goes(client: Client):
    call = CallFactory()
    QuestionFactory(call=call, label="What do you eat?", purpose="To order food.", is_sensitive=True)

    page = text_of(client.get(register_url(call)))

    assert page.count(OPENED) == 2
    for words in (
        "By what right: Your explicit consent",
        "To send you your private link",
        "To find out whether you are who you say",
        "<strong>What do you eat?</strong> To order food. Seen by you; the organisers of your event.",
        "When it goes: 14 days after the event.",
        "Where nothing else is said, it goes 7 days after the deadline",
    ):
        assert words in page, words


@pytest.mark.usefixtures("at_now")
def test_the_form_says_the_days_of_its_own_call(client: Client):
    call = CallFactory()
    KeepingRules.objects.create(call=call, sensitive_days=3, selected_days=30)
    QuestionFactory(call=call, is_sensitive=True)

    page = text_of(client.get(register_url(call)))

    assert "When it goes: 3 days after the event." in page
    assert "else 30 days after the event" in page


@pytest.mark.usefixtures("at_now")
def test_what_staff_wrote_is_no_template_there(client: Client):
    call = CallFactory()
    QuestionFactory(call=call, label="{{ form }} <b>bold</b>", purpose="{% now 'Y' %}.")

    page = text_of(client.get(register_url(call)))

    assert "<strong>{{ form }} &lt;b&gt;bold&lt;/b&gt;</strong> {% now '" in page.replace("&#x27;", "'")


@pytest.mark.usefixtures("at_now")
def test_the_practical_questions_say_it_too(client: Client):
    registration = RegistrationFactory()
    QuestionFactory(call=registration.call, asked_of="selected")
    follow(client, registration)

    page = text_of(client.get(f"{mine_url(registration)}practical/"))

    assert "To prepare the event for you. Seen by you; the organisers of your event; those who prepare rooms" in page


# Which extras a call asks about


def test_an_organiser_chooses_the_extras_of_the_own_call():
    organiser, client = UserFactory(role=Role.ORGANISER), Client()
    call = CallFactory(organisers=[organiser])
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/admin/events/call/{call.pk}/extras/"

    assert client.post(address, {"extras": ["diet", "listed_name"]}).status_code == 302
    assert client.post(address, {"extras": ["horoscope"]}).status_code == 422
    page = text_of(client.get(address))

    assert sorted(call.offered_extras.values_list("extra", flat=True)) == ["diet", "listed_name"]
    assert page.count("checked") == 2


def test_another_organiser_finds_no_such_page():
    other, client, call = UserFactory(role=Role.ORGANISER), Client(), CallFactory()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")

    assert client.post(f"/admin/events/call/{call.pk}/extras/", {"extras": ["diet"]}).status_code in (403, 404)
    assert not call.offered_extras.exists()
