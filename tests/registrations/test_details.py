"""Practical questions: asked of those who have a place, until the event starts, and kept apart from the first form."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.enums import Role
from registrations import reports
from registrations.enums import Act, MailKind, State
from registrations.forms import ChangeForm, DetailsForm
from registrations.models import Answer, OutgoingMail, Registration
from registrations.questions import GivenAnswer
from registrations.services import details, form_building, intake, places, privacy, purging
from tests import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    EventFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    person,
)
from tests.registrations.pages import follow, form, mine_url, text_of
from tests.registrations.people_story import call_page, export

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def asks(call: Any, **values: Any) -> Any:
    return QuestionFactory(call=call, **{"key": "diet", "label": "What do you eat?", "asked_of": "selected", **values})


def starts_at(call: Any) -> Any:
    return call.event.sessions.get().starts_at


def test_the_first_form_does_not_ask_them(client: Client) -> None:
    call = CallFactory()
    asks(call, is_required=True)
    assert "What do you eat?" not in text_of(client.get(f"/events/{call.event.slug}/register/"))
    assert client.post(f"/events/{call.event.slug}/register/", form()).status_code == 303


@pytest.mark.parametrize("state", ["selected", "confirmed"])
def test_who_has_a_place_answers_and_changes_it(client: Client, state: str) -> None:
    registration = RegistrationFactory(**{state: True})
    asks(registration.call, is_required=True)
    follow(client, registration)
    address = f"{mine_url(registration)}practical/"
    assert "Answer the practical questions" in text_of(client.get(mine_url(registration)))

    missing = client.post(address, {})
    assert (missing.status_code, "Please answer this question." in text_of(missing)) == (422, True)
    for said in ("Vegan", "Everything"):
        answer = client.post(address, {"q-diet": said})
        assert (answer.status_code, answer["Location"]) == (303, f"{mine_url(registration)}?saved=1")

    page = text_of(client.get(mine_url(registration)))
    assert "Everything" in page
    assert "Vegan" not in page
    assert "Change what I said" in page
    assert [t.act for t in registration.transitions.filter(act=Act.ANSWER_DETAILS)] == [Act.ANSWER_DETAILS] * 2
    assert registration.answers.get().label == "What do you eat?"


@pytest.mark.parametrize("state", ["submitted", "on_list", "declined", "withdrawn"])
def test_who_has_no_place_is_not_asked(client: Client, state: str) -> None:
    registration = RegistrationFactory(call__selective=True, **{state: True})
    question = asks(registration.call)
    follow(client, registration)
    assert "Practical questions" not in text_of(client.get(mine_url(registration)))
    assert client.post(f"{mine_url(registration)}practical/", {"q-diet": "Vegan"}).status_code == 409
    with pytest.raises(details.DetailsClosed):
        details.answer(registration=registration, answers={question: GivenAnswer("x", "x")}, now=NOW)
    assert not Answer.objects.exists()


def test_they_can_be_changed_until_the_event_starts() -> None:
    registration = RegistrationFactory()
    question = asks(registration.call)
    start = starts_at(registration.call)
    given = {question: GivenAnswer("x", "x")}
    details.answer(registration=registration, answers=given, now=start - timedelta(microseconds=1))
    with pytest.raises(details.DetailsClosed):
        details.answer(registration=registration, answers={}, now=start)
    assert Answer.objects.get().value == "x"


def test_strangers_reach_no_form(client: Client) -> None:
    registration = RegistrationFactory()
    asks(registration.call)
    assert client.get(f"{mine_url(registration)}practical/").status_code == 404


def test_a_call_without_them_says_nothing(client: Client) -> None:
    registration = RegistrationFactory()
    follow(client, registration)
    assert "Practical questions" not in text_of(client.get(mine_url(registration)))


def test_hidden_questions_are_dropped_there_too(client: Client) -> None:
    registration = RegistrationFactory()
    room = asks(registration.call, key="room", kind="yes_no", label="Do you need a room?")
    asks(registration.call, key="nights", kind="number", condition_question=room, condition_value="yes")
    follow(client, registration)
    client.post(f"{mine_url(registration)}practical/", {"q-room": "no", "q-nights": "2"})
    assert [answer.question.key for answer in registration.answers.all()] == ["room"]


def test_the_two_forms_do_not_touch_each_other() -> None:
    motivation = QuestionFactory(key="motivation")
    diet = asks(motivation.call)
    registration = RegistrationFactory(call=motivation.call)
    AnswerFactory(registration=registration, question=motivation, value="Because")
    details.answer(registration=registration, answers={diet: GivenAnswer("Vegan", "Vegan")}, now=NOW)
    given = {motivation: GivenAnswer("New", "New")}

    intake.change_answers(registration=registration, person=person(), answers=given, now=NOW, received_at=NOW)

    said = sealed.said(registration.answers.all())
    assert said == {"motivation": "New", "diet": "Vegan"}


@pytest.mark.parametrize("asked", [True, False])
def test_the_mail_that_gives_a_place_says_that_they_wait(asked: bool) -> None:
    call = CallFactory()
    if asked:
        asks(call)
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    assert link
    intake.prove(registration=link.registration, version=link.version, now=NOW)
    confirmed = OutgoingMail.objects.get(kind=MailKind.CONFIRMED)
    assert confirmed.facts["has_details"] is asked
    assert OutgoingMail.objects.get(kind=MailKind.PROVE_ADDRESS).facts["has_details"] is False


def test_sensitive_ones_go_with_the_other_sensitive_answers() -> None:
    registration = RegistrationFactory()
    diet, arrival = asks(registration.call, is_sensitive=True), asks(registration.call, key="arrival")
    given = {question: GivenAnswer("x", "x") for question in (diet, arrival)}
    details.answer(registration=registration, answers=given, now=NOW)

    purging.purge_expired(now=starts_at(registration.call) + timedelta(days=15))

    assert [answer.question for answer in registration.answers.all()] == [arrival]


def test_the_export_of_a_person_holds_them_and_erasing_takes_them() -> None:
    registration = RegistrationFactory(identity__email="janis@example.org")
    details.answer(registration=registration, answers={asks(registration.call): GivenAnswer("Vegan", "Vegan")}, now=NOW)
    exported = privacy.export_person(email="janis@example.org")
    [told] = exported["registrations"][0]["answers"]
    assert (told["question"], told["answer"]) == ("What do you eat?", "Vegan")
    privacy.erase_person(email="janis@example.org", by=None, now=NOW)
    assert not Answer.objects.exists()


# Other wordings


def reword(question: Any, **changes: Any) -> Any:
    names = [*form_building.ASKING, "asked_of", "condition_question", "condition_value"]
    values = {name: getattr(question, name) for name in names} | changes
    return form_building.reword(question=question, values=values, by=UserFactory(), now=NOW)


def test_an_old_answer_is_filled_into_the_new_words_where_it_fits(client: Client) -> None:
    choices = [["prison", "Prison"], ["police", "Police"]]
    sector = QuestionFactory(key="sector", kind="single_choice", choices=choices, label="Sector?")
    why = QuestionFactory(call=sector.call, key="why", label="Why?")
    registration = RegistrationFactory(call=sector.call)
    AnswerFactory(registration=registration, question=sector, value="prison", text="Prison")
    AnswerFactory(registration=registration, question=why, value="Because")

    reword(sector, label="Where do you work?", choices=[["police", "Police"]])
    newer = reword(why, label="Why do you come?")
    follow(client, registration)
    page = text_of(client.get(f"{mine_url(registration)}answers/"))

    assert "Where do you work?" in page
    assert not re.search(r'value="(prison|police)"[^>]*checked', page)
    assert 'value="Because"' in page

    typed = form(q_sector="police", q_why="Because", privacy=None)
    client.post(f"{mine_url(registration)}answers/", typed)

    said = {answer.question.key: answer for answer in registration.answers.select_related("question")}
    assert {key: answer.label for key, answer in said.items()} == {
        "sector": "Where do you work?",
        "why": "Why do you come?",
    }
    assert (said["why"].question, said["why"].value) == (newer, "Because")


def test_the_second_form_leaves_alone_what_the_first_asked_by_the_same_key() -> None:
    earlier = QuestionFactory(key="diet")
    registration = RegistrationFactory(call=earlier.call)
    AnswerFactory(registration=registration, question=earlier, value="Vegan")
    form_building.retire(question=earlier, by=UserFactory(), now=NOW)
    newer = asks(registration.call, version=2)

    assert DetailsForm(registration=registration).initial == {}
    for answers in ({newer: GivenAnswer("Meat", "Meat")}, {}):
        details.answer(registration=registration, answers=answers, now=NOW)

    assert sealed.said(registration.answers.all(), "pk") == {earlier.pk: "Vegan"}


@pytest.mark.parametrize(("earlier", "later"), [("short_text", "long_text"), ("long_text", "short_text")])
def test_texts_fit_each_other(earlier: str, later: str) -> None:
    why = QuestionFactory(key="why", kind=earlier)
    registration = RegistrationFactory(call=why.call)
    AnswerFactory(registration=registration, question=why, value="Because")
    reword(why, kind=later)
    assert ChangeForm(registration=registration).initial["q-why"] == "Because"


def test_an_answer_that_could_not_be_filled_in_stays_until_a_new_one_is_given() -> None:
    why = QuestionFactory(key="why")
    registration = RegistrationFactory(call=why.call)
    AnswerFactory(registration=registration, question=why, value="Because")
    newer = reword(why, kind="number")

    def send(answers: Any) -> list[Any]:
        details_of = person(email=registration.identity.email, country="EE" if answers else "LV")
        intake.change_answers(registration=registration, person=details_of, answers=answers, now=NOW, received_at=NOW)
        return list(sealed.said(registration.answers.all(), "pk").items())

    assert "q-why" not in ChangeForm(registration=registration).initial
    assert send({}) == [(why.pk, "Because")]
    assert send({newer: GivenAnswer(3, "3")}) == [(newer.pk, 3)]
    assert send({}) == []


def test_a_form_that_was_on_its_way_when_its_question_was_retired_is_taken() -> None:
    why = QuestionFactory(key="why")
    registration = RegistrationFactory(call=why.call)
    AnswerFactory(registration=registration, question=why, value="Because")
    form_building.retire(question=why, by=UserFactory(), now=NOW)

    given = {why: GivenAnswer("New", "New")}
    intake.change_answers(registration=registration, person=person(), answers=given, now=NOW, received_at=NOW)

    assert sealed.said(registration.answers.all(), "pk") == {why.pk: "New"}


def test_what_is_asked_no_longer_stays_when_answers_change() -> None:
    old, why = QuestionFactory.create_batch(2, call=CallFactory())
    registration = RegistrationFactory(call=old.call)
    for question in (old, why):
        AnswerFactory(registration=registration, question=question, value="x")
    form_building.retire(question=old, by=UserFactory(), now=NOW)

    intake.change_answers(
        registration=registration, person=person(), answers={why: GivenAnswer("y", "y")}, now=NOW, received_at=NOW
    )

    assert sealed.said(registration.answers.all(), "pk") == {old.pk: "x", why.pk: "y"}


def test_a_place_that_is_given_up_ends_the_practical_questions(client: Client) -> None:
    registration = RegistrationFactory()
    asks(registration.call)
    places.withdraw(registration=registration, now=NOW)
    registration.refresh_from_db()
    assert registration.state == State.WITHDRAWN
    follow(client, registration)
    assert "Practical questions" not in text_of(client.get(mine_url(registration)))


def test_organisers_see_who_has_not_answered_them() -> None:
    call = CallFactory(selective=True)
    organiser = UserFactory(role=Role.ORGANISER)
    call.organisers.add(organiser)
    confirmed, selected = RegistrationFactory(call=call), RegistrationFactory(call=call, selected=True)
    RegistrationFactory(call=call, submitted=True)
    staff = Client()
    staff.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    address = call_page(call, "not-answered/")
    words = "Practical questions not answered"
    assert words not in text_of(staff.get(address))

    question = asks(call)
    assert [r.reference for r in staff.get(address).context["without_details"]] == sorted(
        [confirmed.reference, selected.reference]
    )
    details.answer(registration=confirmed, answers={question: GivenAnswer("Vegan", "Vegan")}, now=NOW)

    assert list(staff.get(address).context["without_details"]) == [selected]
    person_page = text_of(staff.get(f"/admin/registrations/registration/{confirmed.pk}/change/"))
    assert "Vegan" in person_page
    table = b"".join(export(staff, call_page(call, "export.csv")).streaming_content)
    assert "What do you eat?" in table.decode()
    assert "Vegan" in table.decode()


def test_who_answered_before_a_question_came_that_everybody_must_answer_is_asked_again(client: Client) -> None:
    registration, done = RegistrationFactory.create_batch(2, call=CallFactory())
    room, diet = asks(registration.call, key="room", is_required=True), asks(registration.call)
    for person_ in (registration, done):
        details.answer(registration=person_, answers={room: GivenAnswer("x", "x")}, now=NOW)
    asks(registration.call, key="nights", is_required=True, condition_question=diet, condition_value="x")
    asks(registration.call, key="wish")
    newer = reword(room, label="A room?")
    assert list(reports.without_details(Registration.objects.all())) == []

    visa = asks(registration.call, key="visa", is_required=True)
    given = {question: GivenAnswer("y", "y") for question in (newer, visa)}
    details.answer(registration=done, answers=given, now=NOW)

    assert list(reports.without_details(Registration.objects.all())) == [registration]
    follow(client, registration)
    assert "Answer the practical questions" in text_of(client.get(mine_url(registration)))


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_an_event_without_a_date_leaves_them_open_until_it_is_cancelled(is_cancelled: bool) -> None:
    event = EventFactory(sessions=[], cancelled=is_cancelled)
    registration = RegistrationFactory(call=CallFactory(event=event, closed=True))
    given = {asks(registration.call): GivenAnswer("x", "x")}
    if is_cancelled:
        with pytest.raises(details.DetailsClosed):
            details.answer(registration=registration, answers=given, now=NOW)
    else:
        details.answer(registration=registration, answers=given, now=NOW)
    assert registration.answers.exists() is not is_cancelled
