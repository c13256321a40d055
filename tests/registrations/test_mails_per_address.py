"""Nobody fills a stranger's mailbox: three mails an hour and six a day, whichever forms, calls and kinds cause them."""

from datetime import timedelta

import pytest

from registrations.enums import MailKind, MailState
from registrations.models import OutgoingMail, Registration
from registrations.people import address_index
from registrations.services import addresses, intake, notices
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


def hand_over(*, now):
    """What a worker does with the mails whose turn it is."""
    OutgoingMail.objects.filter(state=MailState.QUEUED, due_at__lte=now).update(state=MailState.SENT, sent_at=now)


def test_the_newest_form_for_an_unproven_address_is_kept_and_its_mail_waits_for_its_turn():
    call = CallFactory()
    for number in range(9):
        send(call, now=NOW + number * MINUTE, organisation=f"Clinic {number}")
        hand_over(now=NOW + number * MINUTE)
    registration = Registration.objects.get()
    assert (registration.version, registration.identity.organisation) == (9, "Clinic 8")
    assert moments(state=MailState.SENT) == [NOW, NOW + MINUTE, NOW + 2 * MINUTE]
    waiting = OutgoingMail.objects.get(state=MailState.QUEUED)
    assert (waiting.due_at, waiting.link.version) == (NOW + HOUR, 9)
    assert not waiting.facts["has_code"]


def test_forms_of_a_stranger_do_not_make_the_owner_s_own_vanish():
    call = CallFactory()
    for number in range(30):
        send(call, organisation=f"Stranger {number}")
        hand_over(now=NOW)
    link = send(call, organisation="My clinic").link
    hand_over(now=NOW + HOUR)
    assert OutgoingMail.objects.filter(state=MailState.SENT).latest("due_at").link == link
    proven = intake.prove(registration=link.registration, version=link.version, now=NOW + HOUR)
    assert proven.identity.organisation == "My clinic"


def test_however_many_forms_come_three_mails_an_hour_and_six_a_day_go_out():
    call = CallFactory()
    for number in range(30):
        send(call, now=NOW + number * HOUR / 4, organisation=f"Clinic {number}")
        hand_over(now=NOW + number * HOUR / 4)
    sent = moments(state=MailState.SENT)
    assert len(sent) == 6
    assert are_few(moments(state__in=[MailState.SENT, MailState.QUEUED]))


def test_a_mail_that_was_cancelled_when_it_may_have_gone_out_keeps_its_turn():
    call = CallFactory()
    for number in range(4):
        send(call, organisation=f"Clinic {number}")
        OutgoingMail.objects.filter(state=MailState.QUEUED).update(rendered=b"x")
    assert OutgoingMail.objects.filter(state=MailState.CANCELLED).count() == 3
    assert max(moments()) == NOW + HOUR


def test_reminders_of_many_calls_wait_for_their_turns_and_are_put_once():
    for _ in range(9):
        index = address_index(EMAIL)
        RegistrationFactory(unproven=True, sent_at=NOW - DAY, identity__email=EMAIL, address_index=index)
    assert notices.remind_unproven(now=NOW) == 9
    assert are_few(moments())
    assert notices.remind_unproven(now=NOW + HOUR) == 0


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


def test_the_owner_of_proven_addresses_hears_of_three_forms_an_hour_whatever_the_calls():
    for _ in range(9):
        known = RegistrationFactory(confirmed=True, identity__email=EMAIL, address_index=address_index(EMAIL))
        send(known.call)
    assert moments(kind=MailKind.SAME_ADDRESS) == [NOW] * 3


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
