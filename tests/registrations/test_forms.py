"""The form of a call: what it asks, forgets, keeps and hands on."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from events.models import Call
from registrations.enums import QuestionKind
from registrations.forms import BesideForm, ByHandForm, ChangeForm, CodeForm, RegistrationForm
from registrations.models import Registration
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer
from tests import papers
from tests.factories import AnswerFactory, CallFactory, QuestionFactory, RegistrationFactory
from tests.registrations.pages import form as typed

pytestmark = pytest.mark.django_db

PDF = papers.pdf()


def posted(**changes: Any) -> QueryDict:
    """What a browser sends: a form filled in well, with changes."""
    data = QueryDict(mutable=True)
    for name, value in typed(**changes).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def sent(call: Call, files: dict[str, Any] | None = None, **changes: Any) -> RegistrationForm:
    return RegistrationForm(call=call, data=posted(**changes), files=files)


@pytest.fixture
def call_with_condition() -> Call:
    call = CallFactory()
    sector = QuestionFactory(
        call=call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=[["prison", "Prison"], ["police", "Police"]]
    )
    QuestionFactory(
        call=call, key="cases", kind="number", is_required=True, condition_question=sector, condition_value="prison"
    )
    return call


def test_a_valid_form_hands_on_the_person() -> None:
    form = sent(CallFactory(), given_name="  Jānis \x07", organisation="I prefer to tell you by telephone")

    assert form.is_valid()
    assert form.person() == PersonDetails(
        given_name="Jānis",
        family_name="Bērziņš",
        display_name="Psychologist, Latvia",
        email="janis@example.org",
        country="LV",
        organisation="I prefer to tell you by telephone",
        profession="psychology",
    )


def test_a_valid_form_hands_on_the_answers_in_the_order_of_the_questions() -> None:
    call = CallFactory()
    second, first = QuestionFactory(call=call, key="b", position=2), QuestionFactory(call=call, key="a", position=1)
    QuestionFactory(call=call, key="left_open", position=3)

    form = sent(call, q_b="two", q_a="one")

    assert form.is_valid()
    assert list(form.answers().items()) == [(first, GivenAnswer("one", "one")), (second, GivenAnswer("two", "two"))]


@pytest.mark.parametrize(
    "name",
    ["given_name", "family_name", "display_name", "email", "country", "organisation", "profession", "privacy"],
)
def test_each_detail_of_the_person_is_asked_for(name: str) -> None:
    form = sent(CallFactory(), **{name: None})

    assert not form.is_valid()
    assert list(form.errors) == [name]
    assert form.errors[name][0].startswith(("Enter", "Choose", "Please"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "ZZ"),
        ("country", "lv"),
        ("profession", "spy"),
        ("privacy", "yes"),
        ("email", "two@example.org, three@example.org"),
        ("email", "a@example.org\nBcc: b@example.org"),
        ("given_name", "x" * 101),
        ("organisation", "x" * 201),
        ("given_name", "\u202e"),
    ],
)
def test_a_detail_that_cannot_be_is_refused_at_its_field(name: str, value: str) -> None:
    assert list(sent(CallFactory(), **{name: value}).errors) == [name]


def test_an_answer_to_a_hidden_question_is_dropped(call_with_condition: Call) -> None:
    form = sent(call_with_condition, q_sector="police", q_cases="7")

    assert form.is_valid()
    assert [question.key for question in form.answers()] == ["sector"]


def test_a_hidden_question_may_hold_nonsense_and_is_not_required(call_with_condition: Call) -> None:
    assert sent(call_with_condition, q_sector="police", q_cases="nonsense").is_valid()
    assert sent(call_with_condition, q_sector="police").is_valid()


def test_a_question_whose_condition_holds_is_required(call_with_condition: Call) -> None:
    assert list(sent(call_with_condition, q_sector="prison").errors) == ["q-cases"]


def test_a_hidden_file_is_dropped_with_its_question() -> None:
    call = CallFactory()
    yes = QuestionFactory(call=call, key="yes", kind="yes_no")
    QuestionFactory(call=call, key="cv", kind="file", condition_question=yes, condition_value="yes")

    form = sent(call, {"q-cv": SimpleUploadedFile("a.pdf", PDF)}, q_yes="no")

    assert form.is_valid()
    assert [question.key for question in form.answers()] == ["yes"]


def test_a_file_is_handed_on_with_its_answer() -> None:
    call = CallFactory()
    question = QuestionFactory(call=call, key="cv", kind="file", is_required=True)
    upload = SimpleUploadedFile("a.pdf", PDF)

    form = sent(call, {"q-cv": upload})

    assert form.is_valid()
    assert form.answers()[question].upload.read() == PDF


def test_who_must_correct_a_form_is_told_to_choose_the_file_again() -> None:
    call = CallFactory()
    QuestionFactory(call=call, key="cv", kind="file")

    form = sent(call, {"q-cv": SimpleUploadedFile("a.pdf", PDF)}, email="nobody")

    assert not form.is_valid()
    assert "Please choose the file again" in form.fields["q-cv"].help_text


def test_a_question_may_be_named_like_a_field_of_the_person() -> None:
    call = CallFactory()
    question = QuestionFactory(call=call, key="email", kind="email")

    form = sent(call, q_email="boss@example.org")

    assert form.is_valid()
    assert form.person().email == "janis@example.org"
    assert form.answers()[question].value == "boss@example.org"


def test_all_kinds_together_are_read() -> None:
    call = CallFactory()
    for kind in QuestionKind:
        QuestionFactory(call=call, key=kind, kind=kind, choices=[["a", "A"], ["b", "B"]], is_required=True)

    form = sent(
        call,
        {"q-file": SimpleUploadedFile("a.pdf", PDF)},
        q_short_text="x",
        q_long_text="x",
        q_single_choice="a",
        q_multiple_choice=["b", "a"],
        q_yes_no="no",
        q_number="1",
        q_date="2026-09-06",
        q_country="XK",
        q_email="a@example.org",
        q_url="https://example.org",
        q_consent="on",
    )

    assert form.errors == {}
    assert {question.key for question in form.answers()} == set(QuestionKind)


def test_questions_are_read_in_one_statement(django_assert_num_queries: Any) -> None:
    call = CallFactory()
    for number in range(3):
        QuestionFactory(
            call=call, key=f"k{number}", condition_question=call.questions.first(), condition_value="x"
        ) if (number) else QuestionFactory(call=call, key="k0")

    with django_assert_num_queries(1):
        form = sent(call, q_k0="x", q_k1="y", q_k2="z")
        assert form.is_valid()
        assert len(form.answers()) == 3


def test_changing_starts_from_what_was_said_and_keeps_the_address() -> None:
    registration = RegistrationFactory(identity__email="old@example.org")
    AnswerFactory(registration=registration, question__key="fine", question__kind="yes_no", value=True, text="Yes")

    form = ChangeForm(registration=registration, data=posted(email="new@example.org", q_fine="no"))

    assert form["given_name"].initial == "Jānis"
    assert form["q-fine"].initial == "yes"
    assert "privacy" not in form.fields
    assert form.is_valid()
    assert form.person().email == "old@example.org"


def test_changing_keeps_a_file_that_is_not_sent_again() -> None:
    registration = RegistrationFactory()
    facts = {"name": "a.pdf", "size": 12, "content_type": "application/pdf"}
    answer = AnswerFactory(
        registration=registration,
        question__key="cv",
        question__kind="file",
        question__is_required=True,
        value=facts,
        text="",
    )

    form = ChangeForm(registration=registration, data=posted())

    assert "You sent a.pdf" in form.fields["q-cv"].help_text
    assert form.is_valid()
    assert form.answers() == {answer.question: GivenAnswer(facts, "a.pdf (PDF, 12\xa0bytes)", None)}


def test_another_person_at_the_same_address_cannot_choose_another() -> None:
    registration: Registration = RegistrationFactory(identity__email="shared@example.org")

    form = BesideForm(beside=registration, data=posted(email="other@example.org", given_name="Līga"))

    assert form.is_valid()
    assert (form.person().given_name, form.person().email) == ("Līga", "shared@example.org")


def test_by_hand_the_organiser_says_that_the_person_knows() -> None:
    form = ByHandForm(call=CallFactory(), data=posted(privacy=None))

    assert list(form.errors) == ["privacy"]
    assert form.fields["privacy"].label == "I have told the person how their data are used"


def test_words_fit_the_kind_of_call() -> None:
    assert RegistrationForm(call=CallFactory()).button == "Send registration"
    assert RegistrationForm(call=CallFactory(selective=True)).button == "Send application"


@pytest.mark.parametrize("typed_code", ["12345678", " 1234 5678 ", "1234-5678"])
def test_a_code_may_be_typed_in_groups(typed_code: str) -> None:
    form = CodeForm({"code": typed_code})

    assert form.is_valid()
    assert form.cleaned_data["code"] == "12345678"


@pytest.mark.parametrize("typed_code", ["", "1234567", "123456789", "1234567x", "１２３４５６７８"])
def test_what_is_no_code_is_said_before_it_is_tried(typed_code: str) -> None:
    assert not CodeForm({"code": typed_code}).is_valid()
