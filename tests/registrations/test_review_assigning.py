"""Who reads which application: given by hand, spread evenly, and what a reviewer then sees."""

from collections import Counter

import pytest

from accounts.enums import Role
from registrations import review_reports
from registrations.enums import Act, State
from registrations.models import Registration, ReviewTask, Transition
from registrations.services import assigning, reviewing
from tests.factories import (
    NOW,
    CallFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    ReviewFactory,
    ReviewTaskFactory,
    UserFactory,
)
from tests.registrations.people_story import application

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return CallFactory(selective=True)


@pytest.fixture
def organiser():
    return UserFactory(role=Role.ORGANISER)


def reviewer(call, **details):
    return ReviewAssignmentFactory(call=call, reviewer=UserFactory(role=Role.REVIEWER, **details)).reviewer


def spread(call, number=2, *, by=None, **options):
    return assigning.spread(call=call, per_application=number, by=by or UserFactory(), now=NOW, **options)


def load(call):
    tasks = ReviewTask.objects.filter(registration__call=call).values_list("reviewer", flat=True)
    return Counter(tasks)


def readers(registration):
    return set(ReviewTask.objects.filter(registration=registration).values_list("reviewer", flat=True))


@pytest.mark.parametrize(("people", "reviewers", "each"), [(10, 3, 2), (7, 4, 3), (9, 5, 1), (5, 2, 2)])
def test_each_application_gets_so_many_and_nobody_more_than_one_above_another(call, people, reviewers, each):
    for _ in range(people):
        application(call)
    for _ in range(reviewers):
        reviewer(call)

    done = spread(call, each)

    assert (done.given, done.applications, done.short) == (people * each, people, ())
    assert all(len(readers(one)) == each for one in call.registrations.all())
    assert max(load(call).values()) - min(load(call).values()) <= 1


def test_the_same_rows_give_the_same_spread(call):
    for _ in range(12):
        application(call)
    for _ in range(4):
        reviewer(call)

    def once():
        spread(call)
        found = sorted(ReviewTask.objects.values_list("registration", "reviewer"))
        ReviewTask.objects.all().delete()
        return found

    assert once() == once()


def test_not_always_the_same_two_read_together(call):
    for _ in range(24):
        application(call)
    for _ in range(4):
        reviewer(call)
    spread(call)
    assert len({frozenset(readers(one)) for one in call.registrations.all()}) > 2


def test_only_applications_that_are_in_are_given(call):
    RegistrationFactory(call=call, unproven=True)
    RegistrationFactory(call=call, withdrawn=True)
    reviewer(call)
    assert spread(call, 1).applications == 0


def test_who_declared_a_conflict_gets_nothing_of_that_person(call):
    recused, other = reviewer(call), reviewer(call)
    one = application(call)
    ReviewFactory(registration=one, reviewer=recused, has_conflict=True)

    done = spread(call, 2)

    assert readers(one) == {other.pk}
    assert (done.short[0].reference, done.short[0].missing) == (one.reference, 1)
    assert "1 declared a conflict of interest" in done.short[0].why


def test_a_task_of_somebody_who_then_declared_a_conflict_is_replaced(call):
    recused, other = reviewer(call), reviewer(call)
    one = application(call)
    ReviewTaskFactory(registration=one, reviewer=recused)
    reviewing.declare_conflict(registration=one, reviewer=recused, comment="", now=NOW)
    spread(call, 1)
    assert other.pk in readers(one)


@pytest.mark.parametrize(
    "colleague",
    [{"organisation": "The  ALPHA clinic"}, {"email": "rita@alpha-clinic.lv"}],
)
def test_nobody_gets_people_of_the_own_organisation_or_domain(call, colleague):
    own, other = reviewer(call, **colleague), reviewer(call)
    one = application(call, organisation="Alpha Clinic", email="a@alpha-clinic.lv")

    done = spread(call, 2)

    assert readers(one) == {other.pk}
    assert done.short[0].why == "The call has 2 reviewers, 1 is of the same organisation."
    assert spread(call, 2, avoid_own_organisation=False).short == ()
    assert own.pk in readers(one)


def test_a_public_mail_provider_is_no_organisation(call):
    reviewer(call, email="rita@gmail.com")
    application(call, email="ana@gmail.com")
    assert spread(call, 1).short == ()


def test_the_own_country_is_avoided_where_that_is_wanted(call):
    reviewer(call, country="lv")
    application(call)
    assert len(spread(call, 1, avoid_own_country=True).short) == 1
    assert spread(call, 1).short == ()


def test_what_was_given_or_reviewed_stays_and_counts(call):
    first, second, third = (reviewer(call) for _ in range(3))
    given, reviewed, late = (application(call) for _ in range(3))
    ReviewTaskFactory(registration=given, reviewer=first)
    ReviewFactory(registration=reviewed, reviewer=second)

    done = spread(call, 1)

    assert done.given == 1
    assert (readers(given), readers(reviewed), readers(late)) == ({first.pk}, set(), {third.pk})


def test_late_applications_are_spread_later(call):
    for _ in range(3):
        reviewer(call)
    application(call)
    spread(call, 2)
    late = application(call)
    assert spread(call, 2).given == 2
    assert len(readers(late)) == 2
    assert spread(call, 2).given == 0


def test_nothing_of_a_reviewer_who_left_counts(call):
    gone, stays = reviewer(call), reviewer(call)
    one, other = application(call), application(call)
    ReviewTaskFactory(registration=one, reviewer=gone)
    ReviewTaskFactory(registration=other, reviewer=stays)
    reviewing.assign(call=call, reviewers=[stays], by=UserFactory(), now=NOW)
    spread(call, 1)
    assert readers(one) == {stays.pk}


def test_a_call_without_reviewers_is_refused_in_words(call):
    application(call)
    with pytest.raises(assigning.NobodyReviews, match="Choose them first"):
        spread(call)


def test_the_trace_says_how_many_and_by_whom(call, organiser):
    reviewer(call), reviewer(call)
    application(call)
    spread(call, 2, by=organiser)
    trace = Transition.objects.get(act=Act.ASSIGN_REVIEW)
    assert (trace.reason, trace.by, trace.source, trace.target) == (
        "To 2 reviewers.",
        organiser,
        "submitted",
        "submitted",
    )


@pytest.mark.parametrize("number", [1, 30])
def test_a_spread_needs_as_many_statements_for_thirty_as_for_one(call, number, django_assert_num_queries):
    for _ in range(number):
        application(call)
    reviewer(call), reviewer(call)
    by = UserFactory()
    with django_assert_num_queries(9):
        spread(call, 2, by=by)


# By hand


def test_chosen_applications_are_given_once_with_a_trace(call, organiser):
    rita = reviewer(call)
    people = [application(call), application(call)]
    given = [assigning.give(registrations=people, reviewer=rita, by=organiser, now=NOW) for _ in range(2)]
    assert given == [2, 0]
    assert Transition.objects.filter(act=Act.ASSIGN_REVIEW, reason="To 1 reviewer.", by=organiser).count() == 2


def test_nobody_is_given_what_they_may_not_judge(call, organiser):
    one, rita = application(call), reviewer(call)
    with pytest.raises(assigning.NotAReviewer, match="does not review"):
        assigning.give(registrations=[one], reviewer=UserFactory(role=Role.REVIEWER), by=organiser, now=NOW)
    reviewing.declare_conflict(registration=one, reviewer=rita, comment="", now=NOW)
    with pytest.raises(assigning.NotAReviewer, match=one.reference):
        assigning.give(registrations=[one], reviewer=rita, by=organiser, now=NOW)
    assert not ReviewTask.objects.exists()


def test_the_readers_of_one_application_are_chosen_anew(call, organiser):
    one, first, second = application(call), reviewer(call), reviewer(call)
    for chosen in ([first], [second]):
        assert assigning.choose(registration=one, reviewers=chosen, by=organiser, now=NOW) == 1
    assert readers(one) == {second.pk}
    told = list(Transition.objects.filter(act=Act.ASSIGN_REVIEW).values_list("reason", flat=True))
    assert told == ["To 1 reviewer.", "Taken from 1 reviewer.", "To 1 reviewer."]


# The last task of a call: without any, everybody would read everything


def test_who_alone_has_applications_to_read_is_not_taken_out_since_all_would_be_open_to_the_others(call, organiser):
    rita, robert = reviewer(call), reviewer(call)
    one, other = application(call), application(call)
    ReviewTaskFactory(registration=one, reviewer=rita)

    with pytest.raises(reviewing.LastReader, match="Give the applications to others first"):
        reviewing.assign(call=call, reviewers=[robert], by=organiser, now=NOW)

    assert readers(one) == {rita.pk}
    assert call.review_assignments.count() == 2
    ReviewTaskFactory(registration=other, reviewer=robert)
    assert reviewing.assign(call=call, reviewers=[robert], by=organiser, now=NOW) == 1
    assert list(review_reports.applications_for(call, robert)) == [other]


def test_all_reviewers_may_be_taken_out_and_a_call_that_was_never_split_is_free(call, organiser):
    rita, robert = reviewer(call), reviewer(call)
    assert reviewing.assign(call=call, reviewers=[rita], by=organiser, now=NOW) == 1
    ReviewTaskFactory(registration=application(call), reviewer=rita)
    assert reviewing.assign(call=call, reviewers=[], by=organiser, now=NOW) == 0
    assert not ReviewTask.objects.exists()
    assert robert


def test_the_last_application_given_is_not_taken_from_its_reader(call, organiser):
    rita, robert = reviewer(call), reviewer(call)
    one, other = application(call), application(call)
    ReviewTaskFactory(registration=one, reviewer=rita)

    with pytest.raises(assigning.LastTask, match="Give others first"):
        assigning.choose(registration=one, reviewers=[], by=organiser, now=NOW)

    assert readers(one) == {rita.pk}
    ReviewTaskFactory(registration=other, reviewer=robert)
    assert assigning.choose(registration=one, reviewers=[], by=organiser, now=NOW) == 0
    assert readers(one) == set()


def test_choosing_nobody_for_what_nobody_had_is_fine(call, organiser):
    reviewer(call)
    assert assigning.choose(registration=application(call), reviewers=[], by=organiser, now=NOW) == 0


# What a reviewer then sees


def test_where_nothing_is_given_everybody_reads_everything(call):
    rita = reviewer(call)
    one = application(call)
    assert list(review_reports.applications_for(call, rita)) == [one]


def test_where_something_is_given_each_sees_only_that(call):
    rita, robert, rosa = reviewer(call), reviewer(call), reviewer(call)
    hers, his = application(call), application(call)
    ReviewTaskFactory(registration=hers, reviewer=rita)
    ReviewTaskFactory(registration=his, reviewer=robert)

    seen = [list(review_reports.applications_for(call, one)) for one in (rita, robert, rosa)]
    totals = [review_reports.review_calls(one).get().total for one in (rita, robert, rosa)]

    assert (seen, totals) == ([[hers], [his], []], [1, 1, 0])


def test_tasks_of_another_call_limit_nobody(call):
    rita, one = reviewer(call), application(call)
    ReviewTaskFactory()
    assert list(review_reports.applications_for(call, rita)) == [one]


def test_what_one_reviewed_before_stays_readable(call):
    rita, robert = reviewer(call), reviewer(call)
    one, other = application(call), application(call)
    ReviewFactory(registration=one, reviewer=rita)
    ReviewTaskFactory(registration=other, reviewer=robert)
    assert list(review_reports.applications_for(call, rita)) == [one]


def test_scoring_what_was_given_to_others_is_refused(call):
    rita, one = reviewer(call), application(call)
    ReviewTaskFactory(registration=one, reviewer=reviewer(call))
    for act, details in ((reviewing.score, {"scores": {}}), (reviewing.declare_conflict, {})):
        with pytest.raises(reviewing.NotYours, match="given to other reviewers"):
            act(registration=one, reviewer=rita, comment="", now=NOW, **details)


def test_a_task_ends_with_the_registration_it_is_about(call):
    one = application(call)
    ReviewTaskFactory(registration=one, reviewer=reviewer(call))
    Registration.objects.filter(pk=one.pk).update(state=State.WITHDRAWN)
    assert review_reports.reviewer_loads(call)[0].given == 0
