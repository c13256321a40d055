"""What is done on the selection board to those who are ticked, without any script."""

import pytest

from registrations.enums import Act, Outcome, PinDirection, ProposedAs, ReasonCode, State
from registrations.models import Decision, Pin, Registration, Transition
from registrations.services import rules
from tests.factories import (
    NOW,
    CallFactory,
    DecisionFactory,
    PinFactory,
    ProposalFactory,
    ProposalLineFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.registrations.people_story import application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def do(told, act, *people, query="", follow=True, **data):
    address = f"{call_page(told.call, 'board/')}?{query}"
    chosen = {"act": act, "code": "score", "reason": "", "chosen": [person.pk for person in people]}
    return signed_in(told.organiser).post(address, {**chosen, **data}, follow=follow)


@pytest.mark.parametrize("outcome", Outcome)
def test_those_ticked_are_staged_with_a_reason_and_nobody_else(outcome):
    told = story()
    second, third = application(told.call), application(told.call)
    page = do(told, outcome.value, told.applicant, second, code="fit", reason="Two of the pilot.")
    kept = Decision.objects.order_by("registration").values_list("registration_id", "outcome", "reason_code", "reason")
    assert list(kept) == [
        (told.applicant.pk, outcome, ReasonCode.FIT, "Two of the pilot."),
        (second.pk, outcome, ReasonCode.FIT, "Two of the pilot."),
    ]
    assert not Decision.objects.filter(registration=third).exists()
    assert "2 staged. Nobody is told before you release." in page.content.decode()


def test_one_comes_back_to_the_same_filtered_page():
    told = story()
    answer = do(told, "select", told.applicant, query="country=LV&sort=reference&page=1", follow=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("board/?country=LV&sort=reference&page=1")


def test_without_a_reason_nothing_is_staged_and_the_ticks_stay():
    told = story()
    page = do(told, "select", told.applicant, code="other")
    assert page.status_code == 422
    assert "Please give a reason." in page.content.decode()
    assert page.context["ticked"] == {told.applicant.pk}
    assert not Decision.objects.exists()


def test_with_nobody_ticked_the_board_says_so():
    told = story()
    page = do(told, "select")
    assert page.status_code == 422
    assert "Tick at least one person first." in page.content.decode()


def test_as_proposed_is_refused_where_it_was_not_and_what_was_typed_stays():
    told = story()
    ProposalLineFactory(registration=told.applicant, proposed_as=ProposedAs.RESERVE)
    page = do(told, "select", told.applicant, code="proposed", reason="Kept words")
    assert page.status_code == 409
    assert "P-2AAAA" in page.context["form"].non_field_errors()[0]
    assert "Kept words" in page.content.decode()
    assert not Decision.objects.exists()


def test_who_is_decided_already_cannot_be_staged():
    told = story()
    person = RegistrationFactory(call=told.call, confirmed=True)
    page = do(told, "decline", told.applicant, person)
    assert page.status_code == 409
    assert not Decision.objects.exists()


def test_undo_needs_no_reason_and_brings_back_that_nothing_is_staged():
    told = story()
    DecisionFactory(registration=told.applicant)
    do(told, "undo", told.applicant, code="other")
    assert not Decision.objects.exists()
    assert Transition.objects.filter(act=Act.UNSTAGE).count() == 1


def test_people_of_other_calls_are_out_of_reach():
    told = story()
    stranger = RegistrationFactory(call=CallFactory(selective=True), submitted=True)
    page = do(told, "select", stranger)
    assert page.status_code == 422
    assert not Decision.objects.exists()


def test_all_that_are_found_are_staged_beyond_the_page_and_nobody_who_is_not():
    told = story()
    for _ in range(110):
        application(told.call)
    other = RegistrationFactory(call=told.call, submitted=True, country="AT")
    do(told, "decline", query="country=LV", everyone="1", code="no_place")
    assert Decision.objects.count() == 111
    assert not Decision.objects.filter(registration=other).exists()


def test_reserves_take_their_ranks_in_the_order_of_the_board():
    told = story()
    low, high = application(told.call), application(told.call)
    for person, score in ((low, 10), (told.applicant, 50), (high, 90)):
        Registration.objects.filter(pk=person.pk).update(score=score, review_count=1)
    do(told, "reserve", low, told.applicant, high)
    ranked = Decision.objects.order_by("rank").values_list("registration_id", flat=True)
    assert list(ranked) == [high.pk, told.applicant.pk, low.pk]


def test_reserves_staged_as_proposed_keep_the_order_of_the_proposal():
    told = story()
    other = application(told.call)
    Registration.objects.filter(pk=other.pk).update(score=90, review_count=1)
    proposal = ProposalFactory(call=told.call)
    for rank, person in ((1, told.applicant), (2, other)):
        ProposalLineFactory(proposal=proposal, registration=person, proposed_as=ProposedAs.RESERVE, rank=rank)
    do(told, "reserve", told.applicant, other, code="proposed")
    ranked = Decision.objects.order_by("rank").values_list("registration_id", flat=True)
    assert list(ranked) == [told.applicant.pk, other.pk]


@pytest.mark.parametrize(("act", "direction"), [("in", PinDirection.IN), ("out", PinDirection.OUT)])
def test_a_pin_needs_a_reason_and_leaves_its_trace(act, direction):
    told = story()
    assert do(told, act, told.applicant).status_code == 409
    assert not Pin.objects.exists()
    do(told, act, told.applicant, reason="Speaks about the pilot.")
    pin = Pin.objects.get()
    assert (pin.direction, pin.reason, pin.pinned_by, pin.pinned_at) == (
        direction,
        "Speaks about the pilot.",
        told.organiser,
        NOW,
    )
    trace = Transition.objects.get(act=Act.PIN)
    assert (trace.reason, trace.by) == (f"{direction.label}: Speaks about the pilot.", told.organiser)


def test_a_second_pin_replaces_the_first_and_neither_takes_it_away():
    told = story()
    PinFactory(registration=told.applicant)
    do(told, "out", told.applicant, reason="Withdrew by telephone.")
    assert Pin.objects.get().direction == PinDirection.OUT
    do(told, "unpin", told.applicant, code="other")
    assert not Pin.objects.exists()
    assert Transition.objects.filter(act=Act.PIN).count() == 2


def test_taking_away_no_pin_leaves_no_trace():
    told = story()
    assert rules.unpin(registrations=[told.applicant], by=UserFactory(), now=NOW) == 0
    assert not Transition.objects.filter(act=Act.PIN).exists()


def test_nobody_is_pinned_about_whom_nothing_is_open():
    told = story()
    Registration.objects.filter(pk=told.applicant.pk).update(state=State.DECLINED)
    page = do(told, "in", told.applicant, reason="Late wish")
    assert page.status_code == 409
    assert not Pin.objects.exists()


def test_an_act_that_nobody_knows_does_nothing():
    told = story()
    assert do(told, "promote", told.applicant).status_code == 422
    assert not Decision.objects.exists()


def test_the_panel_and_the_numbers_follow_what_is_staged():
    told = story(capacity=1)
    second = application(told.call)
    page = do(told, "select", told.applicant, second)
    assert (page.context["numbers"].to_select, page.context["numbers"].too_many) == (2, 1)
    assert "1 too many" in page.content.decode()
    assert page.context["parts"][0].groups[0].staged == 2
