"""The builder in the admin: each small page does one thing, refusals are words, and only those who may reach it."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.enums import Status
from events.models import Call
from registrations import queries
from registrations.models import LibraryQuestion, Question
from tests.factories import AnswerFactory, CallFactory, EventFactory, QuestionFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import text_of
from tests.registrations.test_admin_calls import call_address, events_address, form_of

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def client() -> Client:
    return signed_in(UserFactory(role=Role.PUBLISHER))


def page(call: Call, name: str = "") -> str:
    return f"/admin/events/call/{call.pk}/form/{name}"


def sector_and_cases(**call: Any) -> tuple[Question, Question]:
    choices = [["prison", "Prison"], ["police", "Police"]]
    sector = QuestionFactory(
        call=CallFactory(**call), key="sector", label="Sector", kind="single_choice", choices=choices
    )
    condition = {"condition_question": sector, "condition_value": "prison"}
    return sector, QuestionFactory(call=sector.call, key="cases", label="Cases", kind="number", **condition)


def typed(**changes: Any) -> dict[str, Any]:
    usual = {
        "key": "motivation",
        "kind": "long_text",
        "label": "Why?",
        "help": "",
        "choices": "",
        "asked_of": "everyone",
        "audience": "reviewers",
        "condition": "",
        "other": "",
        "other_value": "",
    }
    return {**usual, **changes}


def keys(call: Call) -> list[str]:
    return [question.key for question in queries.current_questions(call)]


def test_the_list_says_all_about_each_question(client: Client) -> None:
    sector, cases = sector_and_cases()
    AnswerFactory(registration=RegistrationFactory(call=sector.call), question=sector, value="prison")
    Question.objects.filter(pk=cases.pk).update(is_required=True, is_sensitive=True)

    text = text_of(client.get(page(sector.call)))

    for words in ("Only if “Sector” is “Prison”.", "1 answer", "0 answers", "One of several", "required", "sensitive"):
        assert words in text
    assert "Ask it no longer" in text
    assert "Take it out" in text
    assert "cannot be shown" not in text


def test_an_empty_form_says_what_to_do(client: Client) -> None:
    assert "Add the first one" in text_of(client.get(page(CallFactory())))


def test_a_question_is_added_with_a_condition_by_choosing(client: Client) -> None:
    sector, _ = sector_and_cases()
    chosen = f"{sector.pk}|police"

    client.post(page(sector.call, "add/"), typed(key="rank", condition=chosen))

    rank = sector.call.questions.get(key="rank")
    assert (rank.condition_question, rank.condition_value) == (sector, "police")
    assert LogEntry.objects.get().get_change_message() == "Add a question: “Why?”."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "single_choice"}, "needs choices"),
        ({"kind": "single_choice", "choices": "police"}, "is not of the form"),
        ({"kind": "number", "min_value": "3", "max_value": "1"}, "below the smallest"),
        ({"key": "Sector"}, "Lower-case letters"),
        ({"key": "sector"}, "Choose another key."),
        ({"asked_of": "selected"}, "organisers only"),
        ({"other": "cases", "other_value": "x"}, "Select a valid choice"),
    ],
)
def test_a_mistake_in_a_question_is_told_and_nothing_saved(client: Client, changes: Any, words: str) -> None:
    sector, _ = sector_and_cases()

    answer = client.post(page(sector.call, "add/"), typed(**changes))

    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert keys(sector.call) == ["sector", "cases"]


def test_a_condition_on_a_number_is_typed(client: Client) -> None:
    _, cases = sector_and_cases()
    wrong = typed(other=str(cases.pk), other_value="many")
    assert "It is never answered so" in text_of(client.post(page(cases.call, "add/"), wrong))
    client.post(page(cases.call, "add/"), wrong | {"other_value": "3"})
    assert cases.dependants.get().condition_value == "3"


def test_limits_of_another_kind_are_forgotten(client: Client) -> None:
    call = CallFactory()
    client.post(page(call, "add/"), typed(max_words="200", max_choices="2", choices="a: A"))
    made = call.questions.get()
    assert (made.max_words, made.max_choices, made.choices) == (200, None, [])


def test_an_answered_question_offers_only_what_changes_no_words(client: Client) -> None:
    question = AnswerFactory(question__audience="reviewers").question
    address = page(question.call, f"{question.pk}/")

    client.post(address, typed(label="Another wording?", help="Two lines.", audience="organisers"))

    before = question.label
    question.refresh_from_db()
    assert (question.label, question.help, question.audience) == (before, "Two lines.", "organisers")
    assert "so its words stay" in text_of(client.get(address))


def test_of_an_answered_question_with_choices_the_rest_may_change_too(client: Client) -> None:
    sector, _ = sector_and_cases()
    AnswerFactory(registration=RegistrationFactory(call=sector.call), question=sector, value="prison")
    before = sector.choices

    answer = client.post(
        page(sector.call, f"{sector.pk}/"), {"help": "One.", "audience": "organisers", "is_sensitive": "on"}
    )

    sector.refresh_from_db()
    assert answer.status_code == 302
    assert (sector.help, sector.is_sensitive, sector.choices) == ("One.", True, before)


def test_an_answered_question_is_asked_in_other_words(client: Client) -> None:
    question = AnswerFactory(question__key="motivation").question

    client.post(page(question.call, f"{question.pk}/reword/"), typed(key="stolen", audience="organisers"))

    newer = question.call.questions.get(retired_at=None)
    assert (newer.key, newer.label, newer.version) == ("motivation", "Why?", 2)
    assert "1 to earlier wordings" in text_of(client.get(page(question.call)))


def test_questions_move_by_buttons_and_by_typed_places(client: Client) -> None:
    call = CallFactory()
    for key in ("a", "b", "c"):
        QuestionFactory(call=call, key=key)

    client.post(page(call), {"move": "up:c"})
    assert keys(call) == ["a", "c", "b"]
    client.post(page(call), {"save": "order", "place-a": "3", "place-c": "2", "place-b": "1"})
    assert keys(call) == ["b", "c", "a"]
    client.post(page(call), {"save": "order", "place-b": "3", "place-c": "2", "place-a": "3"})
    assert keys(call) == ["c", "a", "b"]


def test_an_order_that_breaks_a_condition_is_refused_in_words(client: Client) -> None:
    sector, _ = sector_and_cases()
    text = text_of(client.post(page(sector.call), {"move": "up:cases"}, follow=True))
    assert "stands only after it" in text
    assert keys(sector.call) == ["sector", "cases"]


def test_taking_out_and_asking_no_longer_ask_first(client: Client) -> None:
    question = QuestionFactory(call__event__draft=True)
    answered = AnswerFactory(registration=RegistrationFactory(call=question.call)).question
    for one, words in ((question, "disappears"), (answered, "What they said stays")):
        assert words in text_of(client.get(page(question.call, f"{one.pk}/remove/")))
    assert question.call.questions.filter(retired_at=None).count() == 2

    for one in (question, answered):
        client.post(page(question.call, f"{one.pk}/remove/"))

    assert [(one.pk, one.retired_at is None) for one in question.call.questions.all()] == [(answered.pk, False)]
    assert "Asked no longer" in text_of(client.get(page(question.call)))


def test_questions_are_copied_from_a_call_that_one_may_see(client: Client) -> None:
    sector, cases = sector_and_cases()
    call = CallFactory()
    QuestionFactory(call=call, key="cases")
    address = page(call, "copy/")
    assert sector.label in text_of(client.get(f"{address}?from={sector.call.pk}"))

    text = text_of(client.post(address, {"from": sector.call.pk, "questions": [sector.pk, cases.pk]}, follow=True))

    assert "Added: sector." in text
    assert "Left out, since the form has questions of these keys: cases." in text
    assert client.post(address, {"from": sector.call.pk}).status_code == 422


def test_an_organiser_copies_from_own_calls_only() -> None:
    organiser = UserFactory(role=Role.ORGANISER)
    own, foreign = CallFactory(organisers=[organiser]), QuestionFactory().call

    client = signed_in(organiser)

    assert client.get(f"{page(own, 'copy/')}?from={foreign.pk}").status_code == 404
    assert client.get(page(own)).status_code == 200
    assert client.get(page(foreign)).status_code == 404


@pytest.mark.parametrize("name", ["form/", "form/add/", "form/copy/", "form/library/", "form/preview/", "try/"])
def test_reviewers_and_strangers_stay_outside(name: str) -> None:
    call = CallFactory()
    address = f"/admin/events/call/{call.pk}/{name}"
    assert signed_in(UserFactory(role=Role.REVIEWER)).get(address).status_code in (403, 404)
    assert signed_in(UserFactory(role=Role.PUBLISHER)).get(address).status_code == 200
    assert Client().get(address).status_code == 302


def test_a_question_goes_into_the_library_and_comes_from_there(client: Client) -> None:
    question = QuestionFactory(key="diet", label="What do you eat?")
    assert client.get(page(question.call, f"{question.pk}/library/")).status_code == 200
    client.post(page(question.call, f"{question.pk}/library/"), {"note": "For meetings."})
    again = client.post(page(question.call, f"{question.pk}/library/"), {"note": ""})
    assert "already" in text_of(again)

    call, entry = CallFactory(), LibraryQuestion.objects.get()
    assert "For meetings." in text_of(client.get(page(call, "library/")))
    client.post(page(call, "library/"), {"questions": [entry.pk], "asked_of": "selected"})
    assert call.questions.get().asked_of == "selected"


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PUBLISHER, 200), (Role.ORGANISER, 200), (Role.ADMINISTRATOR, 200), (Role.REVIEWER, 403)]
)
def test_who_builds_forms_keeps_the_library(role: Role, status: int) -> None:
    client = signed_in(UserFactory(role=role))
    assert client.get("/admin/registrations/libraryquestion/?q=diet").status_code == status
    data = typed(key="arrival", note="When they come.")
    assert client.post("/admin/registrations/libraryquestion/add/", data).status_code == (302 if status == 200 else 403)
    assert LibraryQuestion.objects.count() == (status == 200)


def test_an_event_with_a_broken_form_is_not_published(client: Client) -> None:
    sector, cases = sector_and_cases(event=EventFactory(draft=True))
    Question.objects.filter(pk=sector.pk).update(choices=[["police", "Police"]])
    event = sector.call.event
    address = events_address(event)
    data = form_of(client, address) | {"status": "published", "published_at_0": "2026-09-01", "published_at_1": "09:00"}

    assert "The form of its call is not ready." in text_of(client.post(address, data))
    event.refresh_from_db()
    assert event.status == Status.DRAFT

    Question.objects.filter(pk=cases.pk).update(condition_value="police")
    client.post(address, data)
    event.refresh_from_db()
    assert event.status == Status.PUBLISHED


def test_a_call_with_a_broken_form_is_not_opened_at_another_moment(client: Client) -> None:
    sector, _ = sector_and_cases(event=EventFactory(draft=True))
    Question.objects.filter(pk=sector.pk).update(choices=[["police", "Police"]])
    opened = sector.call.opens_at
    data = form_of(client, call_address(sector.call)) | {"opens_at_0": "2026-08-20", "opens_at_1": "09:00"}

    assert "The form of its call is not ready." in text_of(client.post(call_address(sector.call), data))
    sector.call.refresh_from_db()
    assert sector.call.opens_at == opened


def test_anchors_of_a_criterion_are_lines_of_its_scores(client: Client) -> None:
    call = CallFactory(selective=True)
    criterion = {
        "criteria-0-key": "fit",
        "criteria-0-label": "Fit",
        "criteria-0-weight": "1",
        "criteria-0-position": "0",
    }
    data = form_of(client, call_address(call)) | criterion | {"criteria-TOTAL_FORMS": "1", "criteria-0-max_score": "5"}

    wrong = client.post(call_address(call), data | {"criteria-0-anchors": "6 = too much"})
    assert "above the highest score" in text_of(wrong)
    client.post(call_address(call), data | {"criteria-0-anchors": " 5 = every week \n\n0 = never"})

    assert call.criteria.get().anchors == "5 = every week\n0 = never"


@pytest.mark.parametrize("questions", [1, 3])
def test_the_builder_needs_as_many_queries_for_three_questions_as_for_one(
    client: Client, django_assert_num_queries: Any, questions: int
) -> None:
    call = CallFactory()
    for question in QuestionFactory.create_batch(questions, call=call):
        AnswerFactory(registration=RegistrationFactory(call=call), question=question)
    client.get(page(call))

    with django_assert_num_queries(7):
        assert client.get(page(call)).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_copying_and_the_library_need_as_many_queries_for_three_as_for_one(
    client: Client, django_assert_num_queries: Any, rows: int
) -> None:
    call, source = CallFactory(), CallFactory()
    QuestionFactory.create_batch(rows, call=source)
    for number in range(rows):
        LibraryQuestion.objects.create(key=f"key_{number}", kind="date", label="When?")
    for extra in CallFactory.create_batch(rows - 1):
        QuestionFactory(call=extra)
    client.get(page(call))

    for address, number in (
        (f"{page(call, 'copy/')}?from={source.pk}", 10),
        (page(call, "library/"), 8),
        ("/admin/registrations/libraryquestion/", 7),
    ):
        with django_assert_num_queries(number):
            assert client.get(address).status_code == 200
