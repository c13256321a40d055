"""The checks that end every fault test find what they must."""

from datetime import timedelta

import pytest

from events.models import Call
from registrations.enums import Act, MailKind, MailState, State
from registrations.models import Identity, OutgoingMail, Registration, Transition
from registrations.services import intake, places
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, person
from tests.faults import invariants

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def registration() -> Registration:
    """Someone who sent the form and proved the address, of two places one."""
    call = CallFactory(capacity=2)
    sent = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW)
    return intake.prove(registration=sent.link.registration, version=1, now=NOW)


def violation(**more) -> str:
    with pytest.raises(AssertionError) as failure:
        invariants.check(now=SOON, **more)
    return str(failure.value)


def test_what_the_services_leave_is_in_order(registration):
    again = person(2, given_name="Anna")
    call = registration.call
    intake.submit(call=call, person=person(2), answers={}, now=NOW, received_at=NOW)
    second = intake.submit(call=call, person=again, answers={}, now=SOON, received_at=SOON).link.registration
    intake.prove(registration=second, version=2, now=SOON)
    intake.change_answers(
        registration=second, person=person(2, given_name="Eva"), answers={}, now=SOON, received_at=SOON
    )
    places.withdraw(registration=second, now=SOON)
    invariants.check(now=SOON, made=2)


def test_a_row_of_the_factory_promises_nothing():
    RegistrationFactory()
    invariants.check(now=SOON)


@pytest.mark.parametrize("kind", [MailKind.PROVE_ADDRESS, MailKind.CONFIRMED])
def test_a_mail_that_was_never_put_is_found(registration, kind):
    OutgoingMail.objects.filter(kind=kind).delete()
    assert f"no mail {kind}" in violation()


def test_a_missing_mail_of_a_second_form_is_found(registration):
    for name in ("Anna", "Eva"):
        form = person(2, given_name=name)
        intake.submit(call=registration.call, person=form, answers={}, now=NOW, received_at=NOW)
    OutgoingMail.objects.get(key__endswith=":v2").delete()
    assert "no mail prove_address for send_again" in violation()


def test_a_missing_mail_about_changed_answers_is_found(registration):
    Transition.objects.create(
        registration=registration, act=Act.CHANGE_ANSWERS, source=State.CONFIRMED, target=State.CONFIRMED, at=NOW
    )
    assert "no mail answers_changed" in violation()


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER])
def test_an_open_mail_that_lies_too_long_is_found(state):
    until = None if state == MailState.QUEUED else NOW
    lying = OutgoingMailFactory(state=state, lease_until=until, due_at=SOON - timedelta(minutes=6, seconds=1))
    assert f"mail {lying.pk}" in violation()


def test_a_mail_that_waits_its_turn_or_has_its_end_lies_in_order():
    OutgoingMailFactory(due_at=SOON - timedelta(minutes=5))
    OutgoingMailFactory(due_at=SOON - timedelta(days=2), state=MailState.HELD)
    OutgoingMailFactory(due_at=SOON - timedelta(days=2), refused=True)
    invariants.check(now=SOON)


def test_a_state_without_its_move_is_found(registration):
    Registration.objects.update(state=State.ATTENDED)
    assert "is attended, and its moves end in confirmed" in violation()


def test_a_move_that_starts_where_nobody_was_is_found(registration):
    Transition.objects.filter(act=Act.PROVE).update(source=State.SELECTED, act=Act.CONFIRM)
    assert "starts from selected, not from unproven" in violation()


def test_miscounted_places_are_found(registration):
    Call.objects.update(places_taken=2)
    assert "2 places taken, 1 people hold one" in violation()


def test_a_place_too_many_is_found(registration):
    RegistrationFactory(call=registration.call)
    Call.objects.update(capacity=1, places_limit=1, places_taken=1)
    assert "2 people hold one of 1 places" in violation()


def test_a_form_too_few_is_found(registration):
    invariants.check(now=SOON, made=1)
    assert "2 registrations were made" in violation(made=2)


def test_half_a_registration_is_found(registration):
    Identity.objects.all().delete()
    assert "has no identity" in violation(made=1)


def test_a_registration_without_its_first_move_is_found(registration):
    RegistrationFactory(call=registration.call, unproven=True)
    assert "was sent 0 times" in violation(made=2)
