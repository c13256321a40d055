"""The daily check finds who was not told, or told twice, and nobody else."""

from datetime import timedelta

import pytest

from registrations.enums import Finding, MailKind, MailState, Outcome
from registrations.mail import delivery
from registrations.models import Bounce, NotTold, OutgoingMail, Reconciliation, Registration
from registrations.services import addresses, intake, notices, places, privacy, purging, reconciling, selection
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory, person

pytestmark = pytest.mark.django_db

MORNING = NOW + timedelta(hours=14)


@pytest.fixture
def call():
    return CallFactory(capacity=1)


def register(call, number: int) -> Registration:
    """Somebody sends the form and proves the address."""
    link = intake.submit(call=call, person=person(number), answers={}, now=NOW, received_at=NOW).link
    send_all()
    return intake.prove(registration=link.registration, version=1, now=NOW + timedelta(minutes=number))


def send_all() -> None:
    delivery.drain(clock=lambda: NOW + timedelta(hours=1), seconds=60)


def checked(now=MORNING) -> dict[str, int]:
    """What is not zero."""
    return {name: number for name, number in reconciling.reconcile(now=now).items() if number}


def found() -> list[tuple[str, str]]:
    return [(one.finding, one.kind) for one in NotTold.objects.order_by("pk")]


def test_who_was_told_of_everything_once_is_found_so(call):
    register(call, 1)
    send_all()
    assert checked() == {"promised": 2, "told": 2}
    assert found() == []
    row = Reconciliation.objects.get()
    assert (row.call, row.checked_at, f"{row.day}") == (call, MORNING, "2026-09-02")


def test_all_that_can_happen_to_a_registration_is_known_to_the_check(call):
    by = UserFactory(administrator=True)
    first, second, third = (register(call, number) for number in (1, 2, 3))
    for name in ("One", "Other"):
        # Sent again with other words: a new version, and a new mail to confirm the address.
        intake.submit(call=call, person=person(4, display_name=name), answers={}, now=NOW, received_at=NOW)
    addresses.correct_address(registration=second, email="new@example.org", by=by, channel="telephone", now=NOW)
    intake.prove(registration=second, version=2, now=NOW + timedelta(minutes=5))
    intake.change_answers(
        registration=third, person=person(3, display_name="Other"), answers={}, now=NOW, received_at=NOW
    )
    addresses.send_link_again(email="applicant3@example.org", now=NOW)
    intake.submit(call=call, person=person(3, display_name="Else"), answers={}, now=NOW, received_at=NOW)
    places.withdraw(registration=first, now=NOW + timedelta(minutes=10))
    notices.run_scans(now=NOW + timedelta(days=3))
    send_all()

    sums = reconciling.reconcile(now=MORNING)

    assert (sums["missing"], sums["doubled"], found()) == (0, 0, [])
    assert sums["promised"] == sums["told"] + sums["replaced"] > 10


def test_a_release_is_known_to_the_check():
    call = CallFactory(selective=True, closed=True, capacity=1)
    by = UserFactory(administrator=True)
    people = RegistrationFactory.create_batch(3, call=call, submitted=True)
    for registration, outcome in zip(people, Outcome, strict=True):
        selection.stage(registrations=[registration], outcome=outcome, reason="So.", by=by, now=NOW)
    selection.release(call=call, by=by, now=NOW)
    assert checked() == {"promised": 3, "waiting": 3}
    assert found() == [(Finding.LATE, kind) for kind in ("selected", "reserve", "not_selected")]
    send_all()
    assert checked() == {"promised": 3, "told": 3}


def test_a_mail_that_was_lost_is_found(call):
    register(call, 1)
    send_all()
    assert found() == []
    OutgoingMail.objects.get(kind=MailKind.CONFIRMED).delete()
    assert checked() == {"promised": 2, "told": 1, "missing": 1}
    (one,) = NotTold.objects.all()
    assert (one.finding, one.kind, one.mail) == (Finding.MISSING, MailKind.CONFIRMED, None)
    assert one.registration == Registration.objects.get()


def test_a_mail_that_tells_the_same_again_is_found(call):
    registration = register(call, 1)
    double = OutgoingMailFactory(registration=registration, kind=MailKind.CONFIRMED, sent=True)
    send_all()
    assert checked() == {"promised": 2, "told": 2, "doubled": 1}
    (one,) = NotTold.objects.all()
    assert (one.finding, one.mail) == (Finding.DOUBLED, double)


@pytest.mark.parametrize("state", [MailState.REFUSED, MailState.UNRENDERABLE, MailState.TOO_LATE, MailState.CANCELLED])
def test_a_mail_that_did_not_go_out_is_found(call, state):
    register(call, 1)
    send_all()
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(state=state, sent_at=None)
    assert checked() == {"promised": 2, "told": 1, "stopped": 1}
    assert found() == [(Finding.STOPPED, MailKind.CONFIRMED)]


def test_a_mail_that_waits_is_found_an_hour_after_it_was_due(call):
    register(call, 1)
    soon = NOW + timedelta(minutes=50)
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(state=MailState.HELD)
    assert checked(soon) == {"promised": 2, "told": 1, "waiting": 1}
    assert found() == []
    checked()
    assert found() == [(Finding.LATE, MailKind.CONFIRMED)]


def test_a_mail_that_is_tried_in_vain_is_found_though_its_next_try_is_ahead(call):
    register(call, 1)
    send_all()
    ahead = {"due_at": MORNING + timedelta(minutes=30), "tried_since": MORNING - timedelta(hours=2)}
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(state=MailState.QUEUED, sent_at=None, **ahead)
    assert checked() == {"promised": 2, "told": 1, "waiting": 1}
    assert found() == [(Finding.LATE, MailKind.CONFIRMED)]


def test_a_mail_that_came_back_is_found(call):
    register(call, 1)
    send_all()
    mail = OutgoingMail.objects.get(kind=MailKind.CONFIRMED)
    Bounce.objects.create(mail=mail, at=MORNING, is_permanent=True, status="5.1.1")
    assert checked() == {"promised": 2, "told": 1, "stopped": 1}
    assert found() == [(Finding.RETURNED, MailKind.CONFIRMED)]


def test_what_may_have_arrived_twice_is_counted(call):
    register(call, 1)
    send_all()
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(is_maybe_repeated=True)
    assert checked() == {"promised": 2, "told": 2, "repeated": 1}


def test_who_was_erased_is_nobody_to_tell(call):
    register(call, 1)
    privacy.erase_person(email=person(1).email, by=None, now=NOW)
    OutgoingMail.objects.all().delete()
    assert checked() == {}


def test_a_second_check_replaces_the_first_and_its_findings(call):
    register(call, 1)
    OutgoingMail.objects.all().delete()
    checked()
    checked(MORNING + timedelta(hours=1))
    checked(MORNING + timedelta(days=1))
    assert Reconciliation.objects.count() == 2
    assert set(NotTold.objects.values_list("reconciliation__day", flat=True)) == {(MORNING + timedelta(days=1)).date()}
    assert NotTold.objects.count() == 2


def test_what_is_not_settled_yet_waits_for_the_next_check(call):
    register(call, 1)
    OutgoingMail.objects.all().delete()
    assert checked(NOW + timedelta(minutes=5)) == {}


def test_checks_are_kept_for_three_months(call):
    register(call, 1)
    checked()
    purging.purge_expired(now=MORNING + timedelta(days=89))
    assert Reconciliation.objects.count() == 1
    purging.purge_expired(now=MORNING + timedelta(days=90))
    assert Reconciliation.objects.count() == 0


def test_a_check_costs_the_same_statements_for_one_person_and_for_ten(call, django_assert_max_num_queries):
    register(call, 1)
    with django_assert_max_num_queries(14):
        checked()
    for number in range(2, 11):
        register(call, number)
    OutgoingMail.objects.filter(kind=MailKind.WAITING_LIST).delete()
    with django_assert_max_num_queries(14):
        checked()
