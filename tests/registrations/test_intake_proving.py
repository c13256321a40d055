"""Proving an address: by link, by code, by an organiser; once, in time, for the newest form."""

from datetime import timedelta

import pytest

from registrations import links
from registrations.enums import Act, Channel, MailKind, State
from registrations.models import OutgoingMail, PrivateLink, Registration
from registrations.services import intake, places, selection, workflow
from tests.factories import NOW, CallFactory, DecisionFactory, RegistrationFactory, UserFactory, person

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
DAY = timedelta(hours=24)


def send(call, number=1, now=NOW):
    return intake.submit(call=call, person=person(number), answers={}, now=now, received_at=now).link


def prove(link, now=NOW):
    return intake.prove(registration=link.registration, version=link.version, now=now)


def by_code(link, code=None, now=NOW):
    return intake.prove_by_code(link_id=link.pk, code=links.code_of(link) if code is None else code, now=now)


def kinds():
    return sorted(OutgoingMail.objects.exclude(kind=MailKind.PROVE_ADDRESS).values_list("kind", flat=True))


def test_a_selective_call_takes_the_application_and_says_that_it_was_received():
    registration = prove(send(CallFactory(selective=True, capacity=1)))
    assert (registration.state, registration.proven_at, kinds()) == (State.SUBMITTED, NOW, [MailKind.RECEIVED])


def test_proving_twice_is_proving_once():
    link = send(CallFactory())
    first = prove(link)
    second = prove(link, now=NOW + timedelta(hours=1))
    assert (second.state, second.proven_at) == (first.state, NOW)
    assert kinds() == [MailKind.CONFIRMED]
    assert first.call.registrations.get().transitions.filter(act=Act.PROVE).count() == 1


def test_places_are_given_in_the_order_of_proof_not_of_sending():
    call = CallFactory(capacity=1)
    early, late = send(call, 1), send(call, 2)
    assert prove(late).state == State.CONFIRMED
    waiting = prove(early)
    assert (waiting.state, waiting.list_position) == (State.RESERVE, 1)
    assert OutgoingMail.objects.get(kind=MailKind.WAITING_LIST).facts["position"] == 1


def test_nobody_overtakes_those_who_wait():
    """A place that is free while someone waits is for them, not for who comes last."""
    call = CallFactory(capacity=2)
    RegistrationFactory(call=call)
    waiting = RegistrationFactory(call=call, on_list=True)
    assert prove(send(call)).state == State.RESERVE
    waiting.refresh_from_db()
    assert (waiting.state, kinds()) == (State.CONFIRMED, [MailKind.PROMOTED, MailKind.WAITING_LIST])
    assert OutgoingMail.objects.get(kind=MailKind.WAITING_LIST).facts["position"] == 1


@pytest.mark.parametrize("has_list", [True, False])
def test_who_was_put_on_the_list_by_hand_keeps_no_free_place_from_others(has_list):
    call = CallFactory(capacity=3, has_waiting_list=has_list)
    holder = prove(send(call))
    selection.reconsider(
        registration=holder, target=State.RESERVE, reason="why", by=UserFactory(), channel="telephone", now=NOW
    )
    assert [prove(send(call, number)).state for number in (2, 3)] == [State.CONFIRMED] * 2
    holder.refresh_from_db()
    assert holder.state == State.CONFIRMED


def test_nobody_waits_on_a_list_that_has_closed_even_if_no_scan_has_told_them_yet():
    call = CallFactory(capacity=1, list_closes_at=NOW)
    waiting = RegistrationFactory(call=call, on_list=True)
    assert prove(send(call)).state == State.CONFIRMED
    waiting.refresh_from_db()
    assert waiting.state == State.RESERVE


def test_without_a_waiting_list_the_proof_that_comes_too_late_is_refused_and_may_be_tried_again():
    call = CallFactory(capacity=1, has_waiting_list=False)
    first, second = send(call, 1), send(call, 2)
    proven = prove(first)
    with pytest.raises(workflow.CallFull, match="All places were taken"):
        prove(second)
    second.registration.refresh_from_db()
    assert (second.registration.state, second.registration.proven_at) == (State.UNPROVEN, None)
    places.withdraw(registration=proven, now=NOW)
    assert prove(second).state == State.CONFIRMED


def test_who_does_not_count_needs_no_place():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    link = send(call)
    Registration.objects.filter(pk=link.registration_id).update(is_counted=False)
    assert prove(link).state == State.CONFIRMED


def test_a_call_without_limit_has_a_place_for_everyone():
    call = CallFactory(unlimited=True)
    assert {prove(send(call, number)).state for number in range(3)} == {State.CONFIRMED}


@pytest.mark.parametrize("selective", [False, True])
def test_sent_on_time_an_address_may_be_proven_until_a_day_after_the_deadline(selective):
    call = CallFactory(selective=selective)
    link = send(call)
    assert prove(link, now=call.closes_at + DAY - MOMENT).proven_at


def test_in_an_open_call_a_day_after_the_deadline_it_is_too_late():
    call = CallFactory()
    link = send(call)
    with pytest.raises(intake.ProvingOver):
        prove(link, now=call.closes_at + DAY)
    assert Registration.objects.get().state == State.UNPROVEN


def test_in_a_selective_call_it_is_too_late_when_decisions_were_released():
    call = CallFactory(selective=True)
    links_sent = [send(call, 1), send(call, 2)]
    later = call.closes_at + timedelta(days=2)
    assert prove(links_sent[0], now=later).state == State.SUBMITTED
    DecisionFactory(registration=links_sent[0].registration)
    selection.release(call=call, by=UserFactory(), now=later)
    with pytest.raises(intake.ProvingOver):
        prove(links_sent[1], now=later + timedelta(minutes=1))


def test_nothing_is_proven_for_a_cancelled_event():
    link = send(CallFactory())
    event = link.registration.call.event
    event.cancelled_at, event.cancelled_by = NOW, UserFactory()
    event.save()
    with pytest.raises(intake.ProvingOver):
        prove(link)


def test_the_code_proves_the_address():
    assert by_code(send(CallFactory())).state == State.CONFIRMED


def test_five_tries_and_the_right_code_no_longer_helps():
    link = send(CallFactory())
    wrong = f"{(int(links.code_of(link)) + 1) % 10**8:08}"
    for _ in range(5):
        with pytest.raises(intake.WrongCode):
            by_code(link, wrong)
    with pytest.raises(intake.WrongCode):
        by_code(link)
    assert PrivateLink.objects.get().code_tries == 5
    assert prove(link).state == State.CONFIRMED


def test_the_fifth_try_still_counts():
    link = send(CallFactory())
    for _ in range(4):
        with pytest.raises(intake.WrongCode):
            by_code(link, "00000000" if links.code_of(link) != "00000000" else "1")
    assert by_code(link).state == State.CONFIRMED


def test_a_code_works_for_thirty_minutes():
    call = CallFactory()
    links_sent = [send(call, 1), send(call, 2)]
    assert by_code(links_sent[0], now=NOW + timedelta(minutes=30) - MOMENT).state == State.CONFIRMED
    with pytest.raises(intake.WrongCode):
        by_code(links_sent[1], now=NOW + timedelta(minutes=30))


@pytest.mark.parametrize("link_id", [None, 0, 999_999])
def test_without_a_form_sent_from_this_browser_no_code_is_right(link_id):
    link = send(CallFactory())
    with pytest.raises(intake.WrongCode):
        intake.prove_by_code(link_id=link_id, code=links.code_of(link), now=NOW)


def test_a_code_does_not_fit_another_link():
    call = CallFactory()
    first, second = send(call, 1), send(call, 2)
    with pytest.raises(intake.WrongCode):
        by_code(first, links.code_of(second))


def test_the_code_of_a_revoked_link_is_wrong():
    link = send(CallFactory())
    PrivateLink.objects.update(revoked_at=NOW)
    with pytest.raises(intake.WrongCode):
        by_code(link)


def test_the_code_of_an_older_form_says_that_there_is_a_newer_one():
    call = CallFactory()
    link = send(call)
    send(call, now=NOW + timedelta(minutes=11))
    with pytest.raises(intake.NewerForm):
        by_code(link, now=NOW + timedelta(minutes=12))


def test_a_wrong_code_costs_a_try_even_if_what_follows_breaks():
    link = send(CallFactory(capacity=0, places_limit=0))
    type(link.registration.call).objects.update(has_waiting_list=False)
    with pytest.raises(workflow.CallFull):
        by_code(link)
    assert PrivateLink.objects.get().code_tries == 1


def test_an_organiser_records_a_proof_by_telephone_after_the_deadline_too():
    organiser = UserFactory()
    call = CallFactory()
    link = send(call)
    later = call.closes_at + timedelta(days=3)
    registration = intake.prove_by_hand(
        registration=link.registration, by=organiser, channel=Channel.TELEPHONE, now=later
    )
    trace = registration.transitions.get(act=Act.PROVE)
    assert (registration.state, registration.proven_at) == (State.CONFIRMED, later)
    assert (trace.by, trace.channel) == (organiser, Channel.TELEPHONE)


def test_a_proof_by_hand_does_not_conjure_places():
    call = CallFactory(capacity=1, has_waiting_list=False)
    links_sent = [send(call, 1), send(call, 2)]
    prove(links_sent[0])
    with pytest.raises(workflow.CallFull):
        intake.prove_by_hand(registration=links_sent[1].registration, by=UserFactory(), channel="mail", now=NOW)


def test_the_page_of_the_link_sees_what_the_database_says_not_what_it_read_before():
    """Two tabs: the registration was withdrawn in one, and the button pressed in the other."""
    link = send(CallFactory())
    stale = Registration.objects.select_related("call__event").get()
    places.withdraw(registration=link.registration, now=NOW)
    with pytest.raises(intake.ProvingOver):
        intake.prove(registration=stale, version=1, now=NOW)
