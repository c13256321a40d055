"""Decisions: staged with a reason, released together after the deadline, told once, changed by hand with a reason."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Call
from registrations.enums import Act, Channel, MailKind, MailState, Outcome, State
from registrations.mail import outbox
from registrations.models import Decision, OutgoingMail, Registration, Transition
from registrations.services import intake, places, selection, workflow
from tests.factories import (
    NOW,
    CallFactory,
    CriterionFactory,
    DecisionFactory,
    OutgoingMailFactory,
    RegistrationFactory,
    SelectionRuleFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db
DECISION_MAILS = {
    MailKind.SELECTED,
    MailKind.RESERVE,
    MailKind.NOT_SELECTED,
    MailKind.PROMOTED,
}


@pytest.fixture
def organiser():
    return UserFactory()


@pytest.fixture
def call():
    return CallFactory(selective=True, closed=True, capacity=2)


def applications(call, number):
    return RegistrationFactory.create_batch(number, call=call, submitted=True)


def stage(people, outcome, by, reason="Fits."):
    return selection.stage(registrations=people, outcome=outcome, reason=reason, by=by, now=NOW)


def release(call, by=None, now=NOW):
    return selection.release(call=call, by=by, now=now)


def states(*people):
    return [Registration.objects.get(pk=r.pk).state for r in people]


def live_decision_mails(registration):
    mails = OutgoingMail.objects.filter(registration=registration, kind__in=DECISION_MAILS)
    return [m.kind for m in mails.exclude(state=MailState.CANCELLED)]


def test_a_staged_decision_has_no_effect(call, organiser):
    (application,) = applications(call, 1)
    assert stage([application], Outcome.SELECT, organiser) == 1
    assert states(application) == [State.SUBMITTED]
    assert not OutgoingMail.objects.exists()
    assert application.transitions.get().reason == "Select: Fits."


def test_a_decision_needs_a_reason(call, organiser):
    with pytest.raises(selection.NotStageable, match="reason"):
        stage(applications(call, 1), Outcome.SELECT, organiser, reason=" ")


def test_what_is_not_an_application_is_not_decided_and_then_nothing_is_staged(call, organiser):
    people = [*applications(call, 1), RegistrationFactory(call=call, unproven=True)]
    with pytest.raises(selection.NotStageable, match=people[1].reference):
        stage(people, Outcome.DECLINE, organiser)
    assert not Decision.objects.exists()


def test_a_decision_staged_again_replaces_the_first(call, organiser):
    people = applications(call, 2)
    stage(people, Outcome.SELECT, organiser)
    stage(people[:1], Outcome.DECLINE, organiser, reason="Not the target group.")
    assert list(Decision.objects.order_by("registration").values_list("outcome", flat=True)) == ["decline", "select"]


def test_undoing_takes_staged_decisions_back_and_leaves_a_trace(call, organiser):
    people = applications(call, 2)
    stage(people, Outcome.SELECT, organiser)
    assert selection.unstage(registrations=people[:1], by=organiser, now=NOW) == 1
    assert Decision.objects.get().registration == people[1]
    assert [t.act for t in people[0].transitions.all()] == [Act.STAGE, Act.UNSTAGE]
    release(call)
    assert states(*people) == [State.SUBMITTED, State.CONFIRMED]


def test_a_released_decision_is_not_undone(call, organiser):
    people = applications(call, 1)
    stage(people, Outcome.SELECT, organiser)
    release(call)
    assert selection.unstage(registrations=people, by=organiser, now=NOW) == 0
    assert Decision.objects.get().released_at == NOW


def test_nothing_is_released_before_the_deadline(organiser):
    call = CallFactory(selective=True)
    people = applications(call, 1)
    stage(people, Outcome.SELECT, organiser)
    with pytest.raises(selection.BeforeDeadline):
        release(call, now=call.closes_at - timedelta(microseconds=1))
    assert states(*people) == [State.SUBMITTED]
    assert release(call, now=call.closes_at).selected == 1


def test_an_open_call_has_nothing_to_release():
    with pytest.raises(selection.BeforeDeadline):
        release(CallFactory(closed=True))


def test_states_and_mails_flip_together_and_a_second_click_changes_nothing(call, organiser):
    chosen, reserve, others = applications(call, 2), applications(call, 2), applications(call, 3)
    undecided = applications(call, 1)
    stage(chosen, Outcome.SELECT, organiser)
    stage(reserve, Outcome.RESERVE, organiser)
    stage(others, Outcome.DECLINE, organiser)

    assert release(call, by=organiser) == selection.Released(selected=2, reserve=2, declined=3)

    assert states(*chosen, *reserve, *others, *undecided) == (
        [State.CONFIRMED] * 2 + [State.RESERVE] * 2 + [State.DECLINED] * 3 + [State.SUBMITTED]
    )
    assert [live_decision_mails(r) for r in (*chosen, *reserve, *others, *undecided)] == (
        [[MailKind.SELECTED]] * 2 + [[MailKind.RESERVE]] * 2 + [[MailKind.NOT_SELECTED]] * 3 + [[]]
    )
    assert set(Decision.objects.values_list("released_at", "released_by")) == {(NOW, organiser.pk)}
    call.refresh_from_db()
    assert call.places_taken == 2

    before = [list(m.objects.order_by("pk").values()) for m in (Registration, OutgoingMail, Transition, Decision)]
    assert release(call, by=organiser, now=NOW + timedelta(hours=1)) == selection.Released()
    assert before == [
        list(m.objects.order_by("pk").values()) for m in (Registration, OutgoingMail, Transition, Decision)
    ]


def test_where_the_call_asks_the_selected_have_days_to_answer(organiser):
    call = CallFactory(selective=True, closed=True, asks_to_confirm=True)
    people = applications(call, 1)
    stage(people, Outcome.SELECT, organiser)
    release(call)
    registration = Registration.objects.get()
    assert (registration.state, registration.answer_by) == (State.SELECTED, NOW + timedelta(days=5))
    assert OutgoingMail.objects.get().facts["must_answer"] is True


def test_the_reserve_list_keeps_the_order_in_which_it_was_staged(call, organiser):
    one, two, three = applications(call, 3)
    stage(applications(call, 2), Outcome.SELECT, organiser)
    stage([three, one], Outcome.RESERVE, organiser)
    stage([two], Outcome.RESERVE, organiser)
    release(call)
    positions = [Registration.objects.get(pk=r.pk).list_position for r in (three, one, two)]
    assert positions == sorted(positions)
    assert len(set(positions)) == 3


def test_reserves_who_fill_free_places_at_once_get_one_mail_and_it_is_the_good_one(call, organiser):
    first, second, third = applications(call, 3)
    stage([first], Outcome.SELECT, organiser)
    stage([second, third], Outcome.RESERVE, organiser)
    release(call)
    assert states(first, second, third) == [State.CONFIRMED, State.CONFIRMED, State.RESERVE]
    assert live_decision_mails(second) == [MailKind.PROMOTED]
    assert live_decision_mails(third) == [MailKind.RESERVE]


def test_too_many_selected_are_refused_with_the_numbers_and_nobody_is_told(call, organiser):
    RegistrationFactory(call=call)
    people = applications(call, 2)
    stage(people, Outcome.SELECT, organiser)
    stage(applications(call, 1), Outcome.DECLINE, organiser)
    with pytest.raises(selection.TooManySelected, match=r"2 people are to be selected, but 1 of 2 places"):
        release(call)
    assert set(Registration.objects.filter(call=call).values_list("state", flat=True)) == {
        State.CONFIRMED,
        State.SUBMITTED,
    }
    assert not OutgoingMail.objects.exists()
    assert not Decision.objects.exclude(released_at=None).exists()


def test_a_release_that_breaks_in_the_middle_tells_and_changes_nothing(call, organiser, monkeypatch):
    stage(applications(call, 1), Outcome.SELECT, organiser)
    stage(applications(call, 1), Outcome.DECLINE, organiser)
    before = [list(m.objects.order_by("pk").values()) for m in (Registration, Transition, Decision)]
    put_many, calls = outbox.put_many, []

    def breaks_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError
        return put_many(*args, **kwargs)

    monkeypatch.setattr(outbox, "put_many", breaks_at_the_second)
    with pytest.raises(RuntimeError):
        release(call)
    assert before == [list(m.objects.order_by("pk").values()) for m in (Registration, Transition, Decision)]
    assert not OutgoingMail.objects.exists()


def test_who_withdrew_after_being_staged_is_not_selected(call, organiser):
    people = applications(call, 2)
    stage(people, Outcome.SELECT, organiser)
    places.withdraw(registration=people[0], now=NOW)
    assert release(call).selected == 1
    assert states(*people) == [State.WITHDRAWN, State.CONFIRMED]


def test_who_proves_late_may_be_decided_in_a_second_release(call, organiser):
    stage(applications(call, 1), Outcome.SELECT, organiser)
    release(call)
    late = applications(call, 1)
    stage(late, Outcome.SELECT, organiser)
    assert release(call).selected == 1
    assert states(*late) == [State.CONFIRMED]


def test_over_invited_people_are_selected_beyond_the_capacity(organiser):
    call = CallFactory(selective=True, closed=True, capacity=1, places_limit=3)
    stage(applications(call, 3), Outcome.SELECT, organiser)
    assert release(call).selected == 3


def test_a_refusal_says_how_many_for_how_many_by_which_criteria_and_until_when_to_ask(call, organiser):
    CriterionFactory(call=call, label="Works with the target group")
    Call.objects.filter(pk=call.pk).update(capacity=5, places_limit=5)
    stage(applications(call, 6), Outcome.DECLINE, organiser, reason="three places for France were taken")
    release(call)
    facts = OutgoingMail.objects.first().facts
    assert (facts["applied"], facts["places"], facts["criteria"]) == (6, 5, ["Works with the target group"])
    assert "29 September" in facts["why_until"]
    assert "30 November" in facts["gone_on"]
    assert "France" not in str(facts)


def test_a_refusal_says_that_the_group_was_to_be_mixed_and_no_number_of_that(call, organiser):
    for attribute, value in (("country", "FR"), ("country", "*"), ("first_time", "true"), ("q-sector", "Prison")):
        SelectionRuleFactory(call=call, attribute=attribute, value=value, maximum=3)
    stage(applications(call, 1), Outcome.DECLINE, organiser)
    release(call)
    assert OutgoingMail.objects.first().facts["criteria"] == [
        "A group that is mixed by country, who comes for the first time, answers in the form"
    ]


def test_a_refusal_tells_no_number_below_five(call, organiser):
    stage(applications(call, 4), Outcome.DECLINE, organiser)
    release(call)
    facts = OutgoingMail.objects.first().facts
    assert (facts["applied"], facts["places"]) == (None, None)


@pytest.mark.parametrize("outcome", Outcome)
def test_releasing_many_takes_as_many_statements_as_releasing_few(organiser, outcome):
    def statements(number: int) -> int:
        call = CallFactory(selective=True, closed=True, capacity=number)
        RegistrationFactory.create_batch(number if outcome == Outcome.RESERVE else 0, call=call)
        stage(applications(call, number), outcome, organiser)
        with CaptureQueriesContext(connection) as queries:
            assert release(call).total == number
        return len(queries)

    few, many = statements(10), statements(100)
    assert few == many
    assert many < 40


def test_a_thousand_decisions_have_one_mail_each(organiser):
    call = CallFactory(selective=True, closed=True, capacity=300)
    people = Registration.objects.bulk_create(RegistrationFactory.build_batch(1000, submitted=True, call=call))
    for outcome, chosen in ((Outcome.SELECT, people[:300]), (Outcome.RESERVE, people[300:500])):
        stage(chosen, outcome, organiser)
    stage(people[500:], Outcome.DECLINE, organiser)
    with CaptureQueriesContext(connection) as queries:
        assert release(call).total == 1000
    assert len(queries) < 60
    assert OutgoingMail.objects.values("registration").distinct().count() == OutgoingMail.objects.count() == 1000


class TestReconsidering:
    def reconsider(self, registration, target, by, reason="A dropout."):
        return selection.reconsider(
            registration=registration, target=target, reason=reason, by=by, channel=Channel.TELEPHONE, now=NOW
        )

    def test_it_takes_a_reason_and_leaves_it_in_the_trace(self, call, organiser):
        registration = RegistrationFactory(call=call, declined=True)
        with pytest.raises(workflow.IllegalMove, match="reason"):
            self.reconsider(registration, State.CONFIRMED, organiser, reason="")
        self.reconsider(registration, State.CONFIRMED, organiser)
        trace = registration.transitions.get()
        assert (trace.reason, trace.by, trace.channel) == ("A dropout.", organiser, Channel.TELEPHONE)
        assert live_decision_mails(registration) == [MailKind.PROMOTED]

    def test_it_cancels_the_unsent_mail_of_the_decision_before(self, call, organiser):
        (application,) = applications(call, 1)
        stage([application], Outcome.DECLINE, organiser)
        release(call)
        self.reconsider(application, State.CONFIRMED, organiser)
        assert live_decision_mails(application) == [MailKind.PROMOTED]

    @pytest.mark.parametrize("state", [MailState.LEASED, MailState.HANDING_OVER])
    def test_it_stops_a_mail_that_a_worker_has_in_hand_as_long_as_it_can(self, call, organiser, state):
        """A worker that died before the hand-over must not leave the old decision behind for the next one to send."""
        registration = RegistrationFactory(call=call, declined=True)
        past = NOW - timedelta(seconds=1)
        stale = OutgoingMailFactory(
            registration=registration, kind=MailKind.NOT_SELECTED, state=state, lease_token="x", lease_until=past
        )
        self.reconsider(registration, State.CONFIRMED, organiser)
        stale.refresh_from_db()
        assert (stale.state, stale.lease_token) == (MailState.CANCELLED, "")

    def test_it_does_not_conjure_places(self, call, organiser):
        RegistrationFactory.create_batch(2, call=call)
        with pytest.raises(workflow.CallFull):
            self.reconsider(RegistrationFactory(call=call, declined=True), State.CONFIRMED, organiser)

    @pytest.mark.parametrize("target", [State.DECLINED, State.LAPSED])
    def test_a_place_taken_back_goes_to_the_list(self, call, organiser, target):
        DecisionFactory(registration=RegistrationFactory(call=call), released=True)
        holder = RegistrationFactory(call=call)
        waiting = RegistrationFactory(call=call, on_list=True)
        self.reconsider(holder, target, organiser)
        assert states(holder, waiting) == [target, State.CONFIRMED]

    def test_somebody_put_on_the_list_comes_last_and_does_not_get_the_own_place_back(self, call, organiser):
        DecisionFactory(registration=RegistrationFactory(call=call), released=True)
        holder = RegistrationFactory(call=call)
        waiting = RegistrationFactory(call=call, on_list=True, list_position=4)
        self.reconsider(holder, State.RESERVE, organiser)
        holder.refresh_from_db()
        assert (holder.state, holder.list_position) == (State.RESERVE, 5)
        assert live_decision_mails(holder) == [MailKind.RESERVE]
        assert states(waiting) == [State.CONFIRMED]

    def test_a_decision_that_was_never_released_is_not_reconsidered(self, call, organiser):
        with pytest.raises(workflow.IllegalMove):
            self.reconsider(applications(call, 1)[0], State.CONFIRMED, organiser)

    def test_who_registered_again_since_is_not_taken_in_twice(self, organiser):
        call = CallFactory()
        lapsed = RegistrationFactory(call=call, state=State.LAPSED, identity__email=person().email)
        link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
        with pytest.raises(workflow.IllegalMove, match=link.registration.reference):
            self.reconsider(lapsed, State.CONFIRMED, organiser)
        assert states(lapsed) == [State.LAPSED]
