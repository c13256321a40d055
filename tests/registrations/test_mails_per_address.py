"""Nobody fills a stranger's mailbox: three mails an hour and six a day, whichever forms, calls and kinds cause them."""

from datetime import timedelta

import pytest

from registrations.enums import MailKind
from registrations.models import OutgoingMail, Registration
from registrations.people import address_index
from registrations.services import addresses, intake
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, person

pytestmark = pytest.mark.django_db

EMAIL = "applicant1@example.org"
MINUTE = timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def send(call, *, now=NOW, **details):
    return intake.submit(call=call, person=person(1, **details), answers={}, now=now, received_at=now)


def moments(**which):
    return sorted(OutgoingMail.objects.filter(**which).values_list("due_at", flat=True))


def are_few(found):
    by_hour = all(later - first >= HOUR for first, later in zip(found, found[3:], strict=False))
    return by_hour and all(later - first >= DAY for first, later in zip(found, found[6:], strict=False))


def test_other_forms_for_an_unproven_address_are_left_aside_after_three_mails():
    call = CallFactory()
    for number in range(9):
        send(call, now=NOW + number * MINUTE, organisation=f"Clinic {number}")
    assert len(moments()) == 3
    assert Registration.objects.get().version == 3


def test_after_an_hour_the_owner_gets_a_mail_again_and_after_a_day_too():
    call = CallFactory()
    hours = [0, 0, 0, 0, 1, 1, 1, 1, 2, 5, 24, 24, 24, 24]
    for number, hour in enumerate(hours):
        send(call, now=NOW + hour * HOUR + number * MINUTE, organisation=f"Clinic {number}")
    made = [moment - NOW for moment in moments()]
    assert [moment // HOUR for moment in made] == [0, 0, 0, 1, 1, 1, 24, 24, 24]
    assert are_few(moments())


def test_first_forms_of_many_calls_are_kept_and_their_mails_wait_for_their_turn():
    for _ in range(9):
        send(CallFactory())
    assert Registration.objects.count() == 9
    assert [moment - NOW for moment in moments()] == [0 * HOUR] * 3 + [HOUR] * 3 + [DAY] * 3
    assert are_few(moments())


def test_a_mail_that_waits_offers_no_code_since_a_code_works_for_half_an_hour():
    for _ in range(4):
        send(CallFactory())
    assert [mail.facts["has_code"] for mail in OutgoingMail.objects.order_by("due_at", "pk")] == [True] * 3 + [False]


def test_what_would_wait_longer_than_a_day_is_not_kept_and_answered_alike():
    for _ in range(30):
        assert send(CallFactory()) is not None
    assert are_few(moments())
    assert max(moments()) <= NOW + addresses.LONGEST_WAIT
    assert Registration.objects.count() == len(moments()) == 9


def test_all_kinds_and_calls_count_together():
    for _ in range(4):
        RegistrationFactory(confirmed=True, identity__email=EMAIL, address_index=address_index(EMAIL))
    known = Registration.objects.first()
    send(known.call)
    addresses.send_link_again(email=EMAIL, now=NOW)
    send(CallFactory())
    kinds = [mail.kind for mail in OutgoingMail.objects.order_by("pk")]
    assert kinds == [MailKind.SAME_ADDRESS, MailKind.LINK_AGAIN, MailKind.LINK_AGAIN, MailKind.PROVE_ADDRESS]
    assert are_few(moments())


def test_each_link_has_its_turn_where_there_are_more_than_mails():
    for _ in range(5):
        RegistrationFactory(confirmed=True, identity__email=EMAIL, address_index=address_index(EMAIL))
    for hour in range(2):
        addresses.send_link_again(email=EMAIL, now=NOW + hour * HOUR)
    written = OutgoingMail.objects.values_list("registration", flat=True)
    assert len(written) == 6
    assert len(set(written)) == 5


def test_mails_that_only_staff_and_decisions_cause_take_nobody_s_turn():
    registration = RegistrationFactory(confirmed=True, identity__email=EMAIL, address_index=address_index(EMAIL))
    for number in range(9):
        OutgoingMailFactory(
            registration=registration, kind=MailKind.EVENT_CHANGED, key=f"x{number}", due_at=NOW, created_at=NOW
        )
    addresses.send_link_again(email=EMAIL, now=NOW)
    assert len(moments(kind=MailKind.LINK_AGAIN)) == 1


def test_other_addresses_have_turns_of_their_own():
    for _ in range(6):
        send(CallFactory())
    intake.submit(call=CallFactory(), person=person(2), answers={}, now=NOW, received_at=NOW)
    assert OutgoingMail.objects.latest("pk").due_at == NOW


@pytest.mark.parametrize("limit", [((100, HOUR), (6, DAY)), ((3, HOUR), (100, DAY))])
def test_without_one_of_the_two_limits_there_are_too_many(monkeypatch, limit):
    """The control."""
    monkeypatch.setattr(addresses, "MOST_MAILS", limit)
    for _ in range(12):
        send(CallFactory())
    assert not are_few(moments())
