"""Mails that came back, where staff look: the outbox, the list, the person's page, the numbers of the call."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from registrations.enums import MailKind, MailState
from registrations.mail import outbox
from registrations.models import Bounce, OutgoingMail
from registrations.services import addresses
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=5)
OUTBOX = "/admin/registrations/outgoingmail/"
PEOPLE = "/admin/registrations/registration/"


@pytest.fixture
def call():
    return CallFactory(organisers=[UserFactory(role=Role.ORGANISER)])


@pytest.fixture
def client(call):
    client = Client()
    client.force_login(call.organisers.get(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_mail(call, *, status="5.1.1", is_permanent=True) -> OutgoingMail:
    """A sent mail of which a mail server said something hours later; nothing with an empty status."""
    mail = OutgoingMailFactory(registration=RegistrationFactory(call=call), sent=True, kind=MailKind.CONFIRMED)
    if status:
        Bounce.objects.create(mail=mail, digest=f"{mail.pk:064}", is_permanent=is_permanent, status=status, at=LATER)
    return mail


def text(client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return " ".join(page.content.decode().partition("<main")[2].split())


def test_the_outbox_shows_what_came_back_and_filters_it(client, call):
    back, late, fine = a_mail(call), a_mail(call, status="4.4.1", is_permanent=False), a_mail(call, status="")
    references = {mail: mail.registration.reference for mail in (back, late, fine)}
    whole = text(client, OUTBOX)
    assert "Sent, came back (5.1.1)" in whole
    assert "Sent, not delivered yet (4.4.1)" in whole
    for chosen, shown in (("back", back), ("late", late)):
        page = text(client, f"{OUTBOX}?returned={chosen}")
        assert [mail for mail, reference in references.items() if reference in page] == [shown]


def test_a_mails_page_says_what_mail_servers_said_and_offers_to_send_it_again(client, call):
    mail = a_mail(call)
    page = text(client, f"{OUTBOX}{mail.pk}/change/")
    assert "<dt>Came back</dt><dd>1 Sep 2026, 19:00, code 5.1.1</dd>" in page
    assert "Send again" in page
    client.post(f"{OUTBOX}{mail.pk}/retry/")
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert "Send again" not in text(client, f"{OUTBOX}{a_mail(call, status='').pk}/change/")


def test_the_list_the_persons_page_and_the_call_show_it(client, call):
    back, fine = a_mail(call), a_mail(call, status="")
    people = text(client, f"{PEOPLE}?call={call.pk}")
    assert people.count("mail came back") == 1
    assert '<dt>Mail came back</dt><dd><span class="people-warn">1</span>' in people
    assert "The mail of 1 came back" in text(client, f"{PEOPLE}calls/")
    person = text(client, f"{PEOPLE}{back.registration_id}/change/")
    assert "Came back (5.1.1)" in person
    assert "mail came back" in person.partition("<dt>E-mail address</dt>")[2].partition("</dd>")[0]
    assert "Came back" not in text(client, f"{PEOPLE}{fine.registration_id}/change/")


def test_a_delay_is_told_at_the_person_and_nowhere_else(client, call):
    mail = a_mail(call, status="4.4.1", is_permanent=False)
    assert "Not delivered yet (4.4.1); a mail server still tries" in text(
        client, f"{PEOPLE}{mail.registration_id}/change/"
    )
    assert "came back" not in text(client, f"{PEOPLE}?call={call.pk}")
    assert "came back" not in text(client, f"{PEOPLE}calls/")


def test_who_was_told_by_a_mail_that_came_back_is_not_told_yet(client, call):
    back, fine = a_mail(call), a_mail(call, status="")
    page = text(client, f"{PEOPLE}calls/{call.pk}/not-told/")
    assert back.registration.reference in page
    assert "Came back" in page
    assert fine.registration.reference not in page


def test_staff_see_on_their_first_page_that_mails_came_back(client, call, time_machine):
    time_machine.move_to(LATER)
    a_mail(call)
    assert "1 mail came back." in " ".join(client.get("/admin/").content.decode().replace("</strong>", "").split())


def test_other_peoples_calls_say_nothing(client, call):
    mail = a_mail(CallFactory())
    assert mail.registration.reference not in text(client, f"{OUTBOX}?returned=back")
    assert "came back" not in text(client, f"{PEOPLE}calls/")


def test_a_corrected_address_ends_the_alarm(client, call):
    mail = a_mail(call)
    addresses.correct_address(
        registration=mail.registration, email="other@example.org", by=UserFactory(), channel="telephone", now=LATER
    )
    assert "mail came back" not in text(client, f"{PEOPLE}?call={call.pk}")


def test_sending_again_ends_it_too_until_it_comes_back_again(client, call):
    mail = a_mail(call)
    outbox.retry(mail=mail, now=LATER, by=UserFactory())
    assert "mail came back" not in text(client, f"{PEOPLE}?call={call.pk}")
