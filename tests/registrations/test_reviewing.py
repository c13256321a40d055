"""Scores, conflicts of interest, checks and who may review."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from registrations import queries
from registrations.enums import Act, CheckResult, State
from registrations.models import Registration, Release, Review, ReviewAssignment, Score
from registrations.services import reviewing
from tests.factories import (
    NOW,
    CallFactory,
    CriterionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    UserFactory,
)
from tests.registrations.checking import noted

pytestmark = pytest.mark.django_db


@pytest.fixture
def application():
    return RegistrationFactory(submitted=True, call=CallFactory(selective=True))


@pytest.fixture
def reviewer(application):
    return ReviewAssignmentFactory(call=application.call).reviewer


def test_a_reviewer_scores_and_comments_and_may_do_it_again(application, reviewer):
    fit, need = CriterionFactory.create_batch(2, call=application.call)
    reviewing.score(registration=application, reviewer=reviewer, scores={fit: 1, need: 5}, comment="First", now=NOW)
    later = NOW + timedelta(hours=1)
    reviewing.score(registration=application, reviewer=reviewer, scores={fit: 4}, comment="Second", now=later)
    review = Review.objects.get()
    assert (review.comment, review.changed_at) == ("Second", later)
    assert list(Score.objects.values_list("criterion", "value")) == [(fit.pk, 4)]


@pytest.mark.parametrize("value", [-1, 6])
def test_a_score_out_of_range_is_refused_and_the_earlier_review_stays(application, reviewer, value):
    criterion = CriterionFactory(call=application.call)
    reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 3}, comment="", now=NOW)
    with pytest.raises(reviewing.ScoreOutOfRange, match="0 to 5"):
        reviewing.score(registration=application, reviewer=reviewer, scores={criterion: value}, comment="", now=NOW)
    assert Score.objects.get().value == 3


def test_a_criterion_of_another_call_is_refused(application, reviewer):
    with pytest.raises(reviewing.ScoreOutOfRange):
        reviewing.score(
            registration=application, reviewer=reviewer, scores={CriterionFactory(): 1}, comment="", now=NOW
        )


def test_only_the_reviewers_and_organisers_of_the_call_score(application):
    other = ReviewAssignmentFactory().reviewer
    for act in (reviewing.score, reviewing.declare_conflict):
        details = {"scores": {}} if act is reviewing.score else {}
        with pytest.raises(reviewing.NotYours):
            act(registration=application, reviewer=other, comment="", now=NOW, **details)
    organiser = UserFactory(role=Role.ORGANISER)
    application.call.organisers.add(organiser)
    assert reviewing.score(registration=application, reviewer=organiser, scores={}, comment="Fine", now=NOW)


def test_an_account_that_was_closed_no_longer_reviews(application, reviewer):
    reviewer.is_active = False
    reviewer.save()
    with pytest.raises(reviewing.NotYours):
        reviewing.score(registration=application, reviewer=reviewer, scores={}, comment="", now=NOW)


def test_a_conflict_of_interest_takes_earlier_scores_away(application, reviewer):
    criterion = CriterionFactory(call=application.call)
    reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 3}, comment="", now=NOW)
    review = reviewing.declare_conflict(registration=application, reviewer=reviewer, comment="A friend", now=NOW)
    assert (review.has_conflict, review.comment, Score.objects.count()) == (True, "A friend", 0)


def test_a_conflict_of_interest_is_not_undone_by_scoring(application, reviewer):
    criterion = CriterionFactory(call=application.call)
    reviewing.declare_conflict(registration=application, reviewer=reviewer, comment="A friend", now=NOW)
    with pytest.raises(reviewing.HasConflict, match="conflict of interest"):
        reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 5}, comment="", now=NOW)
    review = Review.objects.get()
    assert (review.has_conflict, review.comment, Score.objects.count()) == (True, "A friend", 0)


def test_anothers_conflict_of_interest_stops_nobody_else(application, reviewer):
    other = ReviewAssignmentFactory(call=application.call).reviewer
    reviewing.declare_conflict(registration=application, reviewer=other, comment="", now=NOW)
    assert not reviewing.score(registration=application, reviewer=reviewer, scores={}, comment="", now=NOW).has_conflict


def test_scores_that_were_overwritten_can_be_read_again(application, reviewer):
    fit = CriterionFactory(call=application.call, label="Fit")
    later = NOW + timedelta(hours=1)
    reviewing.score(registration=application, reviewer=reviewer, scores={fit: 1}, comment="First", now=NOW)
    reviewing.score(registration=application, reviewer=reviewer, scores={fit: 4}, comment="Second", now=later)
    reviewing.declare_conflict(registration=application, reviewer=reviewer, comment="Friend", now=later)
    told = [(trace.act, trace.reason, trace.by) for trace in application.transitions.all()]
    assert told == [
        (Act.SCORE, "Fit: 1", reviewer),
        (Act.SCORE, "Fit: 4", reviewer),
        (Act.DECLARE_CONFLICT, "", reviewer),
    ]


def test_the_trace_of_a_check_tells_the_state_of_that_moment(application):
    Registration.objects.filter(pk=application.pk).update(state=State.WITHDRAWN)
    noted(application)
    assert application.transitions.get().target == State.WITHDRAWN


def test_reviews_of_two_reviewers_stand_side_by_side(application, reviewer):
    other = ReviewAssignmentFactory(call=application.call).reviewer
    for one in (reviewer, other):
        reviewing.score(registration=application, reviewer=one, scores={}, comment="", now=NOW)
    assert Review.objects.count() == 2


def test_a_check_is_noted_with_who_and_when_and_earlier_notes_stay(application):
    organiser = UserFactory()
    for result in (CheckResult.ASK_BACK, CheckResult.FINE):
        noted(application, result, "Called them", by=organiser)
        application.refresh_from_db()
    application.refresh_from_db()
    assert (application.check_result, application.checked_by, application.checked_at) == (
        CheckResult.FINE,
        organiser,
        NOW,
    )
    assert application.checks.count() == 2
    assert [t.act for t in application.transitions.all()] == [Act.CHECK, Act.CHECK]


def test_assigning_replaces_the_reviewers_and_keeps_their_reviews(application, reviewer):
    reviewing.score(registration=application, reviewer=reviewer, scores={}, comment="", now=NOW)
    new = UserFactory(role=Role.REVIEWER)
    assert reviewing.assign(call=application.call, reviewers=[new, new], by=UserFactory(), now=NOW) == 1
    assert [a.reviewer for a in ReviewAssignment.objects.filter(call=application.call)] == [new]
    assert not queries.reviews(user=reviewer, call=application.call)
    assert Review.objects.count() == 1
    assert reviewing.assign(call=application.call, reviewers=[new], by=UserFactory(), now=NOW) == 1


def test_who_was_a_reviewer_and_who_made_them_one_can_be_read_again(application, reviewer):
    chief, new = UserFactory(), UserFactory(role=Role.REVIEWER)
    reviewing.assign(call=application.call, reviewers=[new], by=chief, now=NOW)
    reviewing.assign(call=application.call, reviewers=[new], by=chief, now=NOW)
    past = ReviewAssignment.history.filter(call=application.call, history_user=chief)
    assert {(row.reviewer, row.history_type) for row in past} == {(reviewer, "-"), (new, "+")}
    assert past.count() == 2


@pytest.mark.parametrize("state", [State.CONFIRMED, State.DECLINED, State.WITHDRAWN])
def test_what_a_decision_rested_on_does_not_change_after_it(application, reviewer, state):
    criterion = CriterionFactory(call=application.call)
    reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 3}, comment="", now=NOW)
    # The page was read before the release.
    Registration.objects.filter(pk=application.pk).update(state=state)

    with pytest.raises(reviewing.NotInAnyMore, match="not in any more"):
        reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 5}, comment="", now=NOW)
    with pytest.raises(reviewing.NotInAnyMore):
        reviewing.declare_conflict(registration=application, reviewer=reviewer, comment="", now=NOW)

    assert Score.objects.get().value == 3


def test_scores_stand_while_decisions_are_released_and_change_again_when_that_is_taken_back(application, reviewer):
    criterion = CriterionFactory(call=application.call)
    given = Release.objects.create(call=application.call, given_at=NOW, due_at=NOW + timedelta(minutes=15))

    with pytest.raises(reviewing.ReleaseGiven, match="scores stay as they are"):
        reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 5}, comment="", now=NOW)
    assert not Review.objects.exists()

    given.delete()
    assert reviewing.score(registration=application, reviewer=reviewer, scores={criterion: 5}, comment="", now=NOW)
