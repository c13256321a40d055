"""The form of a call is built: what was answered stays as it was said, and no public form gets a broken condition."""

from datetime import timedelta
from typing import Any

import pytest

from events.models import Call
from registrations import queries
from registrations.enums import AskedOf, Audience, QuestionKind
from registrations.models import Answer, LibraryQuestion, Question
from registrations.questions import GivenAnswer
from registrations.services import form_building, intake
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

pytestmark = pytest.mark.django_db
CHOICES = [["prison", "Prison"], ["police", "Police"]]


@pytest.fixture
def by() -> Any:
    return UserFactory()


def values(key: str = "motivation", **changes: Any) -> dict[str, Any]:
    return {"key": key, "kind": QuestionKind.SHORT_TEXT, "label": "Why?", **changes}


def of(question: Question, **changes: Any) -> dict[str, Any]:
    names = [*form_building.ASKING, "asked_of", "condition_question", "condition_value"]
    return {**{name: getattr(question, name) for name in names}, **changes}


def sector_and_cases(**call: Any) -> tuple[Question, Question]:
    """Two questions, the second asked only if the first is answered with prison."""
    sector = QuestionFactory(call=CallFactory(**call), key="sector", kind="single_choice", choices=CHOICES)
    cases = QuestionFactory(
        call=sector.call, key="cases", kind="number", condition_question=sector, condition_value="prison"
    )
    return sector, cases


def draft() -> dict[str, Any]:
    return {"event": EventFactory(draft=True)}


def keys(call: Any) -> list[str]:
    return [question.key for question in queries.current_questions(call)]


def test_questions_are_added_at_the_end_with_a_line_in_the_history_of_the_call(by: Any) -> None:
    call = CallFactory()
    form_building.add(call=call, values=values(), by=by, now=NOW)
    form_building.add(call=call, values=values("sector"), by=by, now=NOW)

    assert keys(call) == ["motivation", "sector"]
    line = call.history.filter(history_user__isnull=False).latest("history_id")
    assert (line.history_user, line.history_date, line.history_change_reason) == (by, NOW, "Question “sector” added")


def test_a_key_stands_once_in_a_form(by: Any) -> None:
    question = QuestionFactory()
    with pytest.raises(form_building.KeyTaken):
        form_building.add(call=question.call, values=values(question.key), by=by, now=NOW)
    other = QuestionFactory(call=question.call)
    with pytest.raises(form_building.KeyTaken):
        form_building.change(question=other, values=of(other, key=question.key), by=by, now=NOW)


def test_all_of_a_question_changes_while_nobody_has_answered(by: Any) -> None:
    question = QuestionFactory()
    form_building.change(
        question=question, values=of(question, key="other", label="New?", kind="yes_no"), by=by, now=NOW
    )
    question.refresh_from_db()
    assert (question.key, question.label, question.kind, question.version) == ("other", "New?", "yes_no", 1)


@pytest.mark.parametrize("changes", [{"label": "New?"}, {"kind": "number"}, {"is_required": True}])
def test_an_answered_question_keeps_its_words(by: Any, changes: dict[str, Any]) -> None:
    question = AnswerFactory().question
    with pytest.raises(form_building.AlreadyAnswered):
        form_building.change(question=question, values=of(question, **changes), by=by, now=NOW)
    question.refresh_from_db()
    assert [getattr(question, name) for name in changes] != list(changes.values())


@pytest.mark.parametrize("changes", [{"help": "Two lines."}, {"is_sensitive": True}, {"audience": "organisers"}])
def test_what_changes_no_words_may_change_after_answers(by: Any, changes: dict[str, Any]) -> None:
    question = AnswerFactory(question__audience=Audience.REVIEWERS).question
    form_building.change(question=question, values=of(question, **changes), by=by, now=NOW)
    question.refresh_from_db()
    assert {name: getattr(question, name) for name in changes} == changes


def test_sensitive_answers_stay_sensitive(by: Any) -> None:
    question = AnswerFactory(question__is_sensitive=True).question
    with pytest.raises(form_building.AlreadyAnswered):
        form_building.change(question=question, values=of(question, is_sensitive=False), by=by, now=NOW)


def test_more_people_never_read_what_was_answered_for_fewer(by: Any) -> None:
    question = AnswerFactory(question__audience=Audience.ORGANISERS).question
    wider = of(question, audience=Audience.REVIEWERS)
    for write in (form_building.change, form_building.reword):
        with pytest.raises(form_building.WiderAudience):
            write(question=question, values=wider, by=by, now=NOW)
    unanswered = QuestionFactory(audience=Audience.ORGANISERS)
    form_building.change(question=unanswered, values=of(unanswered, audience=Audience.REVIEWERS), by=by, now=NOW)


@pytest.mark.parametrize("is_kept", [True, False])
def test_no_way_around_lets_more_people_read_what_was_answered_for_fewer(by: Any, is_kept: bool) -> None:
    question = QuestionFactory(key="why", audience=Audience.ORGANISERS)
    if is_kept:
        AnswerFactory(registration=RegistrationFactory(call=question.call), question=question)
    narrow, wide = of(question), of(question, audience=Audience.REVIEWERS)
    newer = form_building.reword(question=question, values=narrow, by=by, now=NOW)
    elsewhere = QuestionFactory(key="why", audience=Audience.REVIEWERS)
    entry = form_building.put_into_library(question=elsewhere, note="", now=NOW)

    def attempt(write: Any, **options: Any) -> bool:
        try:
            write(**options, by=by, now=NOW)
        except form_building.WiderAudience:
            return False
        form_building.retire(question=question.call.questions.get(retired_at=None), by=by, now=NOW)
        return True

    tries = [attempt(form_building.change, question=newer, values=wide)]
    question.call.questions.filter(retired_at=None).update(retired_at=NOW)
    tries += [
        attempt(form_building.add, call=question.call, values=wide),
        attempt(form_building.copy, call=question.call, questions=[elsewhere]),
        attempt(form_building.take_from_library, call=question.call, entries=[entry], asked_of=AskedOf.EVERYONE),
    ]

    assert tries == [not is_kept] * 4
    form_building.add(call=question.call, values=narrow, by=by, now=NOW)


def test_a_key_that_was_asked_of_others_is_not_asked_again(by: Any) -> None:
    diet = AnswerFactory(question__key="diet").question
    newer = form_building.reword(question=diet, values=of(diet), by=by, now=NOW)
    with pytest.raises(form_building.KeyTaken, match="of other people"):
        form_building.change(question=newer, values=of(newer, asked_of="selected"), by=by, now=NOW)
    form_building.retire(question=newer, by=by, now=NOW)
    with pytest.raises(form_building.KeyTaken, match="of other people"):
        form_building.add(call=diet.call, values=of(diet, asked_of="selected"), by=by, now=NOW)
    elsewhere = QuestionFactory(key="diet", asked_of="selected")
    with pytest.raises(form_building.KeyTaken, match="of other people"):
        form_building.copy(call=diet.call, questions=[elsewhere], by=by, now=NOW)
    form_building.add(call=diet.call, values=of(diet), by=by, now=NOW)
    alone = QuestionFactory()
    form_building.change(question=alone, values=of(alone, asked_of="selected"), by=by, now=NOW)


def test_an_answered_question_is_reworded_as_a_new_version_with_its_conditions(by: Any) -> None:
    sector, cases = sector_and_cases()
    answer = AnswerFactory(registration=RegistrationFactory(call=sector.call), question=sector, value="prison")

    newer = form_building.reword(question=sector, values=of(sector, label="Your sector?"), by=by, now=NOW)

    sector.refresh_from_db()
    cases.refresh_from_db()
    answer.refresh_from_db()
    assert (newer.key, newer.version, newer.retired_at) == ("sector", 2, None)
    assert sector.retired_at == NOW
    assert cases.condition_question == newer
    assert (answer.question, answer.label) == (sector, sector.label)
    assert queries.questions_of(sector.call) == [newer, cases]


@pytest.mark.parametrize("stricter", [{"audience": Audience.ORGANISERS}, {"is_sensitive": True}])
def test_what_protects_the_new_words_protects_what_was_answered_to_the_old_ones(by: Any, stricter: Any) -> None:
    oldest = AnswerFactory(question__audience=Audience.REVIEWERS, question__key="cv").question
    other_key, other_call = QuestionFactory(call=oldest.call, audience="reviewers"), QuestionFactory(key="cv")
    Question.objects.filter(pk=other_call.pk).update(audience="reviewers")
    newer = form_building.reword(question=oldest, values=of(oldest, label="Your life?"), by=by, now=NOW)
    AnswerFactory(registration=RegistrationFactory(call=oldest.call), question=newer)

    form_building.reword(question=newer, values=of(newer, label="Life?", **stricter), by=by, now=NOW)

    for name, value in stricter.items():
        versions = oldest.call.questions.filter(key="cv").values_list(name, flat=True)
        assert list(versions) == [value] * 3
        assert not Question.objects.filter(pk__in=[other_key.pk, other_call.pk], **{name: value}).exists()


@pytest.mark.parametrize("stricter", [{"audience": Audience.ORGANISERS}, {"is_sensitive": True}])
def test_a_stricter_question_protects_its_earlier_versions_too(by: Any, stricter: Any) -> None:
    older = AnswerFactory(question__audience=Audience.REVIEWERS).question
    newer = form_building.reword(question=older, values=of(older, label="New?"), by=by, now=NOW)
    form_building.change(question=newer, values=of(newer, **stricter), by=by, now=NOW)
    older.refresh_from_db()
    assert {name: getattr(older, name) for name in stricter} == stricter


def test_a_key_that_comes_back_for_organisers_takes_its_old_answers_from_reviewers(by: Any) -> None:
    older = AnswerFactory(question__audience=Audience.REVIEWERS, question__key="cv").question
    form_building.retire(question=older, by=by, now=NOW)
    form_building.add(call=older.call, values=values("cv", audience=Audience.ORGANISERS), by=by, now=NOW)
    older.refresh_from_db()
    assert older.audience == Audience.ORGANISERS


def test_other_words_for_the_same_readers_change_nothing_about_the_old_ones(by: Any) -> None:
    older = AnswerFactory(question__audience=Audience.REVIEWERS, question__is_sensitive=True).question
    form_building.reword(question=older, values=of(older, label="New?", is_sensitive=False), by=by, now=NOW)
    older.refresh_from_db()
    assert (older.audience, older.is_sensitive) == (Audience.REVIEWERS, True)


def test_a_new_version_without_the_choice_that_another_waits_for_is_refused_where_people_can_see_it(by: Any) -> None:
    sector, _ = sector_and_cases()
    AnswerFactory(registration=RegistrationFactory(call=sector.call), question=sector, value="prison")
    with pytest.raises(form_building.BrokenCondition, match="never answered so"):
        form_building.reword(question=sector, values=of(sector, choices=[["police", "Police"]]), by=by, now=NOW)
    assert Question.objects.filter(retired_at=None).count() == 2


def test_a_condition_may_be_broken_while_the_event_is_a_draft(by: Any) -> None:
    sector, _ = sector_and_cases(**draft())
    form_building.change(question=sector, values=of(sector, choices=[["police", "Police"]]), by=by, now=NOW)
    assert "“prison”" in form_building.why_not_public(sector.call.event)


def test_a_scheduled_event_gets_no_broken_condition_either(by: Any) -> None:
    sector, _ = sector_and_cases(event=EventFactory(scheduled=True))
    with pytest.raises(form_building.BrokenCondition):
        form_building.change(question=sector, values=of(sector, choices=[["police", "Police"]]), by=by, now=NOW)
    sector.refresh_from_db()
    assert sector.choices == CHOICES
    assert form_building.why_not_public(sector.call.event) == ""


def test_a_form_that_is_broken_can_be_mended_step_by_step(by: Any) -> None:
    sector, cases = sector_and_cases()
    Question.objects.filter(pk=sector.pk).update(choices=[["police", "Police"]])
    form_building.change(question=cases, values=of(cases, help="A number."), by=by, now=NOW)
    form_building.change(question=cases, values=of(cases, condition_value="police", help=""), by=by, now=NOW)
    assert form_building.why_not_public(sector.call.event) == ""


def test_questions_change_places(by: Any) -> None:
    call = CallFactory()
    for key in ("a", "b", "c"):
        QuestionFactory(call=call, key=key)
    b = call.questions.get(key="b")
    form_building.move(question=b, is_up=True, by=by, now=NOW)
    assert keys(call) == ["b", "a", "c"]
    form_building.move(question=b, is_up=True, by=by, now=NOW)
    assert keys(call) == ["b", "a", "c"]
    form_building.order(call=call, keys=["c", "a", "b"], by=by, now=NOW)
    assert keys(call) == ["c", "a", "b"]
    with pytest.raises(form_building.OtherOrder):
        form_building.order(call=call, keys=["c", "a"], by=by, now=NOW)


def test_a_question_does_not_move_above_what_it_waits_for(by: Any) -> None:
    sector, cases = sector_and_cases()
    with pytest.raises(form_building.BrokenCondition, match="stands only after it"):
        form_building.move(question=cases, is_up=True, by=by, now=NOW)
    assert keys(sector.call) == ["sector", "cases"]


def test_only_what_nobody_answered_is_removed(by: Any) -> None:
    question, answered = QuestionFactory(call__not_yet_open=True), AnswerFactory().question
    form_building.remove(question=question, by=by, now=NOW)
    assert not Question.objects.filter(pk=question.pk).exists()
    with pytest.raises(form_building.AlreadyAnswered):
        form_building.remove(question=answered, by=by, now=NOW)


def test_a_form_that_somebody_has_open_can_still_be_sent_after_a_question_was_taken_out(by: Any) -> None:
    question = QuestionFactory()
    answers = {question: GivenAnswer("Because", "Because")}
    form_building.remove(question=question, by=by, now=NOW)
    assert keys(question.call) == []
    assert queries.columns_of(question.call) == []

    link = intake.submit(call=question.call, person=person(), answers=answers, now=NOW, received_at=NOW).link

    assert link
    assert link.registration.answers.get().label == question.label
    assert queries.columns_of(question.call) == [question]


def test_what_was_answered_is_asked_no_longer_and_stays_readable(by: Any) -> None:
    answer = AnswerFactory()
    form_building.retire(question=answer.question, by=by, now=NOW)
    assert queries.current_questions(answer.registration.call) == []
    assert Answer.objects.get().label == answer.label
    assert queries.columns_of(answer.registration.call) == [answer.question]


def test_nothing_goes_that_another_question_waits_for(by: Any) -> None:
    sector, _ = sector_and_cases()
    for write in (form_building.remove, form_building.retire):
        with pytest.raises(form_building.AskedElsewhere):
            write(question=sector, by=by, now=NOW)
    assert keys(sector.call) == ["sector", "cases"]


def test_what_only_a_question_asked_no_longer_waited_for_is_taken_out(by: Any) -> None:
    sector, cases = sector_and_cases()
    form_building.remove(question=cases, by=by, now=NOW)
    Call.objects.update(opens_at=NOW + timedelta(days=1))

    form_building.remove(question=sector, by=by, now=NOW)

    assert keys(sector.call) == []
    cases.refresh_from_db()
    assert cases.condition_question.retired_at == NOW


def test_a_key_that_was_asked_before_comes_back_as_its_next_version(by: Any) -> None:
    answer = AnswerFactory(question__key="motivation")
    form_building.retire(question=answer.question, by=by, now=NOW)
    again = form_building.add(call=answer.registration.call, values=values("motivation"), by=by, now=NOW)
    assert again.version == 2


def test_questions_are_copied_with_their_conditions_and_without_what_is_there(by: Any) -> None:
    sector, cases = sector_and_cases()
    QuestionFactory(call=sector.call, key="diet", asked_of=AskedOf.SELECTED, is_sensitive=True)
    call = CallFactory()
    QuestionFactory(call=call, key="diet")

    copied = form_building.copy(call=call, questions=sector.call.questions.all(), by=by, now=NOW)

    assert (copied.made, copied.skipped, copied.without_condition) == (("sector", "cases"), ("diet",), ())
    assert keys(call) == ["diet", "sector", "cases"]
    assert call.questions.get(key="cases").condition_question == call.questions.get(key="sector")
    alone = form_building.copy(call=CallFactory(), questions=[cases], by=by, now=NOW)
    assert alone.without_condition == ("cases",)
    assert call.questions.get(key="sector").choices == CHOICES


def test_a_question_goes_into_the_library_and_from_there_into_another_form(by: Any) -> None:
    question = QuestionFactory(key="diet", audience=Audience.REVIEWERS, is_sensitive=True)
    entry = form_building.put_into_library(question=question, note="For meetings.", now=NOW)
    with pytest.raises(form_building.KeyTaken):
        form_building.put_into_library(question=question, note="", now=NOW)
    call = CallFactory()

    for expected in (("diet",), ()), ((), ("diet",)):
        taken = form_building.take_from_library(call=call, entries=[entry], asked_of=AskedOf.SELECTED, by=by, now=NOW)
        assert (taken.made, taken.skipped) == expected

    made = call.questions.get()
    assert (made.label, made.is_sensitive, made.audience) == (question.label, True, Audience.ORGANISERS)


def test_the_library_is_filled_once(by: Any) -> None:
    entries = [values("motivation"), values("sector")]
    assert [form_building.fill_library(entries=entries, now=NOW) for _ in range(2)] == [2, 0]
    assert LibraryQuestion.objects.count() == 2
