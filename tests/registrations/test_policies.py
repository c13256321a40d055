"""The rules, at the moments at which they change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from registrations import policies
from registrations.enums import CheckResult, State
from registrations.models import Registration
from tests.factories import NOW, CallFactory, EventFactory, RegistrationFactory

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
STANDING = {State.UNPROVEN, State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE}


def test_a_call_is_open_from_its_opening_until_just_before_its_deadline():
    call = CallFactory()
    moments = [call.opens_at - MOMENT, call.opens_at, call.closes_at - MOMENT, call.closes_at]
    assert [policies.is_open(call, received_at=at) for at in moments] == [False, True, True, False]


def test_a_day_without_an_hour_ends_when_the_next_one_starts_in_brussels():
    call = CallFactory.build(
        event=EventFactory.build(),
        opens_at=datetime(2023, 8, 11, tzinfo=UTC),
        closes_at=datetime(2023, 9, 7, tzinfo=ZoneInfo("Europe/Brussels")),
    )
    deadline = datetime(2023, 9, 6, 22, 0, tzinfo=UTC)
    assert policies.is_open(call, received_at=deadline - MOMENT)
    assert not policies.is_open(call, received_at=deadline)


@pytest.mark.parametrize("trait", ["hidden", "cancelled", "draft", "scheduled"])
def test_nothing_is_sent_to_a_call_whose_event_is(trait):
    assert policies.may_send(CallFactory(), received_at=NOW)
    assert not policies.may_send(CallFactory(**{f"event__{trait}": True}), received_at=NOW)


def test_an_open_call_without_waiting_list_is_sold_out_when_its_places_are_taken():
    call = CallFactory(capacity=1, has_waiting_list=False)
    assert not policies.is_sold_out(call)
    RegistrationFactory(call=call)
    assert policies.is_sold_out(call)
    assert not policies.may_send(call, received_at=NOW)


def test_a_selective_call_never_refuses_an_application_for_lack_of_places():
    call = CallFactory(selective=True, capacity=1, has_waiting_list=False)
    RegistrationFactory(call=call)
    assert policies.may_send(call, received_at=NOW)


def test_free_places_are_never_negative_and_none_means_no_limit():
    call = CallFactory(capacity=1, places_limit=3)
    assert policies.free_places(call) == 1
    for _ in range(2):
        RegistrationFactory(call=call)
    assert policies.free_places(call) == 0
    assert policies.free_places(CallFactory(unlimited=True)) is None


@pytest.mark.parametrize(
    ("selective", "released", "may"), [(False, False, False), (True, False, True), (True, True, False)]
)
def test_an_address_may_be_proven_until_a_day_after_the_deadline_or_until_release(selective, released, may):
    registration = RegistrationFactory(unproven=True, call=CallFactory(selective=selective))
    end = registration.call.closes_at + timedelta(hours=24)
    assert policies.may_prove(registration, now=end - MOMENT, is_released=released, asked_at=NOW)
    assert policies.may_prove(registration, now=end, is_released=released, asked_at=NOW) is may


def test_a_proven_address_and_a_cancelled_event_leave_nothing_to_prove():
    assert not policies.may_prove(RegistrationFactory(), now=NOW, is_released=False, asked_at=NOW)
    call = CallFactory(event__cancelled=True)
    assert not policies.may_prove(
        RegistrationFactory(unproven=True, call=call), now=NOW, is_released=False, asked_at=NOW
    )


def test_whom_an_organiser_asks_after_the_deadline_has_a_week():
    registration = RegistrationFactory(unproven=True, call=CallFactory(closed=True))
    end = NOW + timedelta(days=7)
    assert policies.may_prove(registration, now=end - MOMENT, is_released=False, asked_at=NOW)
    assert not policies.may_prove(registration, now=end, is_released=False, asked_at=NOW)


def test_an_address_that_was_corrected_may_be_proven_after_the_deadline_too():
    registration = RegistrationFactory(confirmed=True, proven_at=None)
    assert policies.may_prove(
        registration, now=registration.call.closes_at + timedelta(days=5), is_released=True, asked_at=NOW
    )
    registration.state = State.WITHDRAWN
    assert not policies.may_prove(registration, now=NOW, is_released=False, asked_at=NOW)


@pytest.mark.parametrize("state", State)
def test_answers_change_while_the_registration_stands_and_the_call_is_open(state):
    registration = Registration(call=CallFactory(), state=state)
    assert policies.may_change_answers(registration, received_at=NOW) is (state in STANDING)
    assert not policies.may_change_answers(registration, received_at=registration.call.closes_at)


@pytest.mark.parametrize("state", State)
def test_there_is_something_to_give_up_while_the_registration_stands(state):
    assert policies.may_withdraw(Registration(state=state)) is (state in STANDING)


@pytest.mark.parametrize("state", State)
def test_only_the_selected_are_asked_to_confirm_and_only_applications_are_decided(state):
    assert policies.may_confirm(Registration(state=state)) is (state == State.SELECTED)
    assert policies.may_stage(Registration(state=state)) is (state == State.SUBMITTED)


@pytest.mark.parametrize("state", State)
def test_the_join_link_is_for_confirmed_people(state):
    registration = Registration(call=CallFactory.build(event=EventFactory.build()), state=state, proven_at=NOW)
    assert policies.may_see_join_link(registration) is (state in {State.CONFIRMED, State.ATTENDED})


@pytest.mark.parametrize("result", CheckResult)
def test_where_the_call_asks_for_it_the_join_link_waits_for_a_check_that_is_fine(result):
    call = CallFactory.build(event=EventFactory.build(), join_link_needs_check=True)
    registration = Registration(call=call, state=State.CONFIRMED, proven_at=NOW, check_result=result)
    assert policies.may_see_join_link(registration) is (result == CheckResult.FINE)


def test_the_join_link_waits_for_the_proof_of_a_corrected_address():
    call = CallFactory.build(event=EventFactory.build())
    assert not policies.may_see_join_link(Registration(call=call, state=State.CONFIRMED, proven_at=None))


def test_decisions_are_released_from_the_deadline_on():
    call = CallFactory(selective=True)
    assert not policies.may_release(call, now=call.closes_at - MOMENT)
    assert policies.may_release(call, now=call.closes_at)
    assert not policies.may_release(CallFactory(closed=True), now=NOW)
    assert not policies.may_release(CallFactory(selective=True, closed=True, event__cancelled=True), now=NOW)


def test_a_list_closes_at_its_date_or_a_day_before_the_event():
    starts_at = NOW + timedelta(days=20)
    assert policies.list_closes_at(CallFactory(), starts_at=starts_at) == NOW + timedelta(days=19)
    call = CallFactory(list_closes_at=NOW + timedelta(days=9))
    assert policies.list_closes_at(call, starts_at=starts_at) == NOW + timedelta(days=9)
