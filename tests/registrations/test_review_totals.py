"""What is repeated on a registration of its reviews stays right, whatever happens to them; and what an edit leaves."""

from datetime import timedelta

import pytest

from registrations.models import Answer, Redaction, Registration
from registrations.questions import GivenAnswer
from registrations.services import answers, privacy, reviewing, scoring
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    CriterionFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    ReviewFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def one():
    return RegistrationFactory(submitted=True, call=CallFactory(selective=True))


def score(registration, **values):
    """One review by a new reviewer: values by key of the criterion."""
    criteria = {criterion.key: criterion for criterion in registration.call.criteria.all()}
    reviewer = ReviewAssignmentFactory(call=registration.call).reviewer
    scores = {criteria[key]: value for key, value in values.items()}
    reviewing.score(registration=registration, reviewer=reviewer, scores=scores, comment="Said so", now=NOW)
    return reviewer


def totals(registration):
    registration.refresh_from_db()
    rounded = None if registration.score is None else round(registration.score, 2)
    return rounded, registration.score_spread, registration.review_count


def test_the_mean_is_weighted_and_the_spread_is_of_one_criterion(one):
    CriterionFactory(call=one.call, key="fit", weight=3)
    CriterionFactory(call=one.call, key="need", max_score=10)
    score(one, fit=5, need=0)
    score(one, fit=3, need=10)
    assert totals(one) == (round((3 * 100 + 0 + 3 * 60 + 100) / 8, 2), 10, 2)


def test_who_abstains_moves_nothing(one):
    CriterionFactory(call=one.call, key="fit")
    CriterionFactory(call=one.call, key="need")
    score(one, fit=4)
    before = totals(one)
    score(one)
    assert before == totals(one) == (80, 0, 1)


def test_scoring_again_with_fewer_scores_takes_the_old_ones_away(one):
    fit = CriterionFactory(call=one.call, key="fit")
    reviewer = score(one, fit=4)
    reviewing.score(registration=one, reviewer=reviewer, scores={}, comment="", now=LATER)
    assert totals(one) == (None, None, 0)
    reviewing.score(registration=one, reviewer=reviewer, scores={fit: 1}, comment="", now=LATER)
    assert totals(one) == (20, 0, 1)


def test_a_declared_conflict_takes_its_scores_out(one):
    CriterionFactory(call=one.call, key="fit")
    score(one, fit=5)
    friend = score(one, fit=1)
    assert totals(one) == (60, 4, 2)
    reviewing.declare_conflict(registration=one, reviewer=friend, comment="", now=LATER)
    assert totals(one) == (100, 0, 1)


def test_another_weight_or_maximum_counts_after_a_refresh_of_the_call(one):
    fit = CriterionFactory(call=one.call, key="fit")
    CriterionFactory(call=one.call, key="need")
    score(one, fit=5, need=0)
    assert totals(one)[0] == 50
    fit.weight, fit.max_score = 3, 10
    fit.save()
    assert totals(one)[0] == 50
    scoring.refresh_call(call=one.call)
    assert totals(one)[0] == 37.5


def test_a_criterion_without_weight_counts_nothing(one):
    CriterionFactory(call=one.call, key="fit", weight=0)
    score(one, fit=5)
    assert totals(one) == (None, 0, 1)


def test_an_erased_person_keeps_the_scores_without_their_words(one):
    CriterionFactory(call=one.call, key="fit")
    score(one, fit=4)
    privacy.erase_person(email=one.identity.email, by=None, now=LATER)
    scoring.refresh(registrations=[one.pk])
    assert totals(one) == (80, 0, 1)
    assert one.reviews.get().comment == ""


@pytest.mark.parametrize("number", [1, 40])
def test_many_are_refreshed_in_one_statement(one, number, django_assert_num_queries):
    people = [one.pk, *(RegistrationFactory(submitted=True, call=one.call).pk for _ in range(number - 1))]
    with django_assert_num_queries(1):
        scoring.refresh(registrations=people)
    with django_assert_num_queries(1):
        scoring.refresh_call(call=one.call)


def test_only_the_named_ones_are_refreshed(one):
    criterion = CriterionFactory(call=one.call)
    other = RegistrationFactory(submitted=True, call=one.call)
    for registration in (one, other):
        ReviewFactory(registration=registration).scores.create(criterion=criterion, value=5)
    scoring.refresh(registrations=[one.pk])
    assert list(Registration.objects.order_by("pk").values_list("score", flat=True)) == [100, None]


# What an edit of the answers leaves


@pytest.fixture
def said(one):
    first, second = QuestionFactory.create_batch(2, call=one.call, audience="reviewers")
    AnswerFactory(registration=one, question=first, value="I led the Pilot here.")
    AnswerFactory(registration=one, question=second, value="The same.")
    return first, second


def hide(one, question, passage):
    answer = one.answers.get(question=question)
    return reviewing.redact(answer=answer, passage=passage, by=UserFactory(), now=NOW)


def change(one, values):
    given = {question: GivenAnswer(value, value) for question, value in values.items()}
    answers.replace_answers(one, given, now=LATER)


def test_only_what_was_said_anew_counts_as_changed(one, said):
    first, second = said
    change(one, {first: "I led something.", second: "The same."})
    changed = dict(Answer.objects.values_list("question", "changed_at"))
    assert changed[first.pk] == LATER
    assert changed[second.pk] < NOW


def test_a_hidden_passage_outlives_an_edit_of_its_answer(one, said):
    first, second = said
    hide(one, first, "the  pilot")
    change(one, {first: "In spring I led THE PILOT.", second: "The same."})
    assert Redaction.objects.get().answer == one.answers.get(question=first)


def test_a_hidden_passage_goes_with_its_answer_and_with_the_person(one, said):
    first, second = said
    hide(one, first, "the pilot")
    hide(one, second, "same")
    change(one, {second: "The same."})
    assert [redaction.passage for redaction in Redaction.objects.all()] == ["same"]
    privacy.erase_person(email=one.identity.email, by=None, now=LATER)
    assert not Redaction.objects.exists()


def test_a_passage_is_hidden_once_however_often_it_is_sent(one, said):
    assert hide(one, said[0], "the pilot") == hide(one, said[0], "the pilot")
    assert one.transitions.count() == 1


@pytest.mark.parametrize("passage", ["elsewhere", "", " ", "I"])
def test_what_the_answer_does_not_hold_or_is_too_short_is_not_hidden(one, said, passage):
    with pytest.raises(reviewing.NotInAnswer):
        hide(one, said[0], passage)
