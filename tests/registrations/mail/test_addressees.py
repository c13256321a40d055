"""To whom a row of the outbox goes."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from accounts import reset_links
from registrations.enums import MailKind, MailState
from registrations.mail import addressees, addressing, catalogue, delivery, leases, lines, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail, Vouch
from tests.factories import NOW, OutgoingMailFactory, UserFactory
from tests.registrations.mail.test_delivery import FakeRelay

pytestmark = pytest.mark.django_db


def put_to_staff(user, kind=MailKind.STAFF_RESET, **says):
    with transaction.atomic():
        return outbox.put(Letter(kind, "1", user=user, says=says), about=None, now=NOW)


def claimed():
    return leases.claim(limit=10, now=NOW, until=NOW + timedelta(seconds=60))


def a_vouch(registration):
    vouch = Vouch(registration=registration, number=1, key_id="k", asked_at=NOW, expires_at=NOW + timedelta(days=7))
    vouch.name, vouch.email = "A chief", "chief@example.org"
    vouch.save()
    return vouch


def test_a_mail_to_staff_goes_to_their_address_and_needs_no_call():
    user = UserFactory()
    put_to_staff(user)
    mail = claimed()[0]
    assert (mail.call, addressees.address_of(mail)) == (None, user.email)


def test_a_member_of_staff_comes_before_the_person_and_the_call():
    mail = OutgoingMailFactory(user=UserFactory(email="staff@example.org"))
    assert addressees.address_of(mail) == "staff@example.org"


def test_a_contact_point_comes_before_the_person_whom_it_is_asked_about():
    mail = OutgoingMailFactory()
    mail.vouch = a_vouch(mail.registration)
    mail.save()
    assert addressees.address_of(claimed()[0]) == "chief@example.org"


def test_without_any_of_them_a_mail_goes_to_the_person_or_to_the_mailbox_of_the_call():
    mail = OutgoingMailFactory()
    assert addressees.address_of(mail) == mail.registration.identity.email
    about_call = OutgoingMailFactory(registration=None, call=mail.call)
    assert addressees.address_of(about_call) == mail.call.reply_to


@pytest.mark.parametrize("mails", [1, 3])
def test_a_claim_reads_who_its_mails_go_to_in_one_statement(mails, django_assert_num_queries):
    for _ in range(mails):
        OutgoingMailFactory()
    leased = claimed()
    with django_assert_num_queries(0):
        assert len([addressees.address_of(mail) for mail in leased]) == mails


def test_the_link_of_a_new_password_stands_in_no_row_and_opens_for_an_hour():
    user = UserFactory()
    mail = put_to_staff(user)
    stored = catalogue.render(mail)
    secret = reset_links.token_of(user, at=mail.date)
    assert secret.encode() not in stored + str(mail.facts).encode()
    filled = addressing.filled_in(stored, mail, recipient=user.email)
    assert f"/accounts/password/reset/key/{secret}/".encode() in filled
    token = secret.partition("-")[2]
    with time_machine.travel(NOW + timedelta(minutes=59), tick=False):
        assert reset_links.ResetTokens().check_token(user, token)
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        assert not reset_links.ResetTokens().check_token(user, token)


def test_a_repeated_hand_over_carries_the_same_link_and_another_account_another_one():
    user, other = UserFactory(), UserFactory()
    assert reset_links.token_of(user, at=NOW) == reset_links.token_of(user, at=NOW)
    with time_machine.travel(NOW, tick=False):
        assert not reset_links.ResetTokens().check_token(other, reset_links.token_of(user, at=NOW).partition("-")[2])


def test_a_mail_with_a_new_password_is_not_sent_again_since_its_hour_has_gone():
    mail = put_to_staff(UserFactory())
    OutgoingMail.objects.update(state=MailState.REFUSED)
    assert not outbox.may_retry(mail=mail)
    OutgoingMail.objects.update(kind=MailKind.STAFF_NOTICE)
    assert outbox.may_retry(mail=mail)


def test_a_mail_to_staff_is_delivered_like_any_other(monkeypatch):
    monkeypatch.setattr(lines, "open_relay", FakeRelay)
    user = UserFactory()
    put_to_staff(user, MailKind.STAFF_NOTICE, notice="Your password was changed.")
    delivery.drain(clock=lambda: NOW, seconds=10)
    assert OutgoingMail.objects.get().state == MailState.SENT
