"""Capacity, over-invitation and deadline of a call that has people in it."""

from datetime import timedelta

import pytest

from registrations.enums import MailKind, State
from registrations.models import CallNumbers, OutgoingMail, Registration
from registrations.services import calls
from tests.factories import NOW, CallFactory, DecisionFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_new_places_go_to_the_list_in_its_order():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    waiting = [RegistrationFactory(call=call, on_list=True, list_position=n) for n in (1, 2, 3)]
    calls.change_capacity(call=call, capacity=3, now=NOW, by=UserFactory())
    states = [Registration.objects.get(pk=r.pk).state for r in waiting]
    assert states == [State.CONFIRMED, State.CONFIRMED, State.RESERVE]
    call.refresh_from_db()
    assert (call.capacity, call.places_limit, call.places_taken) == (3, 3, 3)
    assert OutgoingMail.objects.filter(kind=MailKind.PROMOTED).count() == 2


def test_without_a_limit_everyone_on_the_list_gets_a_place():
    call = CallFactory(capacity=0, places_limit=0)
    RegistrationFactory.create_batch(3, call=call, on_list=True)
    calls.change_capacity(call=call, capacity=None, now=NOW, by=UserFactory())
    assert set(call.registrations.values_list("state", flat=True)) == {State.CONFIRMED}


def test_a_capacity_below_the_places_taken_is_refused_with_the_numbers():
    call = CallFactory(capacity=5)
    RegistrationFactory.create_batch(3, call=call)
    with pytest.raises(calls.CapacityBelowPlaces, match=r"3 places are taken, so the capacity cannot be 2.*3 or more"):
        calls.change_capacity(call=call, capacity=2, now=NOW, by=UserFactory())
    call.refresh_from_db()
    assert call.capacity == 5
    assert calls.change_capacity(call=call, capacity=3, now=NOW, by=UserFactory()).capacity == 3


def test_a_change_of_capacity_leaves_its_trace():
    call, organiser = CallFactory(), UserFactory()
    calls.change_capacity(call=call, capacity=12, now=NOW, by=organiser)
    record = call.history.first()
    assert (record.capacity, record.history_user) == (12, organiser)


def test_in_a_selective_call_new_places_wait_for_the_release():
    call = CallFactory(selective=True, capacity=0, places_limit=0)
    waiting = RegistrationFactory(call=call, on_list=True)
    calls.change_capacity(call=call, capacity=2, now=NOW, by=UserFactory())
    waiting.refresh_from_db()
    assert waiting.state == State.RESERVE


def test_more_people_are_invited_than_there_are_places_only_by_those_who_decide():
    """Over-invited places are not given on by themselves."""
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    waiting = RegistrationFactory(call=call, on_list=True)
    calls.over_invite(call=call, places_limit=3, now=NOW, by=UserFactory())
    call.refresh_from_db()
    waiting.refresh_from_db()
    assert (call.capacity, call.places_limit, waiting.state) == (1, 3, State.RESERVE)


def test_as_many_more_people_may_be_invited_when_the_places_change():
    call = CallFactory(capacity=10, places_limit=13)
    RegistrationFactory.create_batch(7, call=call)
    for capacity, limit in ((12, 15), (4, 7), (None, None), (8, 8)):
        calls.change_capacity(call=call, capacity=capacity, now=NOW, by=UserFactory())
        call.refresh_from_db()
        assert (call.capacity, call.places_limit) == (capacity, limit)


def test_places_do_not_shrink_below_those_who_were_invited_beyond_them():
    call = CallFactory(capacity=4, places_limit=7)
    RegistrationFactory.create_batch(7, call=call)
    with pytest.raises(calls.CapacityBelowPlaces, match="It can be 4 or more"):
        calls.change_capacity(call=call, capacity=3, now=NOW, by=UserFactory())


@pytest.mark.parametrize(("capacity", "taken", "limit"), [(5, 0, 4), (5, 5, 4), (None, 0, 9)])
def test_a_limit_below_capacity_or_for_a_call_without_limit_is_refused(capacity, taken, limit):
    call = CallFactory(capacity=capacity)
    RegistrationFactory.create_batch(taken, call=call)
    with pytest.raises(calls.CapacityBelowPlaces):
        calls.over_invite(call=call, places_limit=limit, now=NOW, by=UserFactory())


def test_an_over_invitation_ends_at_the_places_taken():
    call = CallFactory(capacity=1, places_limit=3)
    RegistrationFactory.create_batch(2, call=call)
    with pytest.raises(calls.CapacityBelowPlaces, match="2 or more"):
        calls.over_invite(call=call, places_limit=1, now=NOW, by=UserFactory())


def test_a_deadline_moves_to_a_later_moment_and_is_handled_again():
    call = CallFactory(closed=True, deadline_handled_at=NOW)
    later = NOW + timedelta(days=1)
    calls.extend_deadline(call=call, closes_at=later, closes_on=None, now=NOW, by=UserFactory())
    call.refresh_from_db()
    assert (call.closes_at, call.closes_on, call.deadline_handled_at) == (later, None, None)


@pytest.mark.parametrize("days", [-1, 0])
def test_a_deadline_does_not_move_to_an_earlier_moment_or_to_itself(days):
    call = CallFactory()
    with pytest.raises(calls.NotLater):
        calls.extend_deadline(
            call=call, closes_at=call.closes_at + timedelta(days=days), closes_on=None, now=NOW, by=UserFactory()
        )


def test_a_deadline_that_has_passed_does_not_move_into_the_past():
    call = CallFactory(closes_at=NOW - timedelta(days=2))
    with pytest.raises(calls.NotLater):
        calls.extend_deadline(call=call, closes_at=NOW, closes_on=None, now=NOW, by=UserFactory())


def test_after_release_the_deadline_stands():
    call = CallFactory(selective=True)
    DecisionFactory(registration__call=call, released=True)
    with pytest.raises(calls.AlreadyReleased):
        calls.extend_deadline(
            call=call, closes_at=call.closes_at + timedelta(days=1), closes_on=None, now=NOW, by=UserFactory()
        )


def test_when_the_people_of_a_call_are_deleted_the_deadline_stands():
    call = CallFactory(selective=True)
    CallNumbers.objects.create(call=call, counts={}, counted_at=NOW)
    with pytest.raises(calls.AlreadyReleased):
        calls.extend_deadline(
            call=call, closes_at=call.closes_at + timedelta(days=1), closes_on=None, now=NOW, by=UserFactory()
        )


def test_the_day_by_which_everyone_hears_is_a_promise():
    call = CallFactory(selective=True)
    with pytest.raises(calls.AfterPromise, match="15 September 2026"):
        calls.extend_deadline(call=call, closes_at=NOW + timedelta(days=15), closes_on=None, now=NOW, by=UserFactory())
