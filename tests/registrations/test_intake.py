"""The way in, from the form to the mail."""

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from registrations.enums import Act, MailKind, MailState, State
from registrations.links import code_of, find, token_of
from registrations.mail import delivery, leases
from registrations.models import Identity, OutgoingMail, Registration
from registrations.services import intake, places
from tests.factories import NOW, CallFactory, person

pytestmark = pytest.mark.django_db


def send(call, number=1, now=NOW, **details):
    return intake.submit(call=call, person=person(number, **details), answers={}, now=now, received_at=now)


def test_a_form_becomes_one_registration_with_its_identity_trace_link_and_mail():
    call = CallFactory()

    sent = send(call)

    registration = Registration.objects.get()
    assert (registration.state, registration.call, registration.sent_at) == (State.UNPROVEN, call, NOW)
    assert Identity.objects.get().email == "applicant1@example.org"
    assert [t.act for t in registration.transitions.all()] == [Act.SEND]
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.state, mail.link) == (MailKind.PROVE_ADDRESS, MailState.QUEUED, sent.link)


def test_the_first_mail_carries_the_link_and_the_code_that_both_prove_the_address(mail_folder: Path):
    sent = send(CallFactory())

    assert delivery.drain(clock=lambda: NOW, seconds=5) == 1

    (file,) = mail_folder.glob("*.eml")
    message = message_from_bytes(file.read_bytes())
    text = message.get_payload(0).get_payload(decode=True).decode()
    code, token = code_of(sent.link), token_of(sent.link)
    assert message["To"] == "applicant1@example.org"
    assert f"{code[:4]} {code[4:]}" in text
    assert any(line.endswith(f"/registrations/p/{token}/") for line in text.splitlines())
    assert find(token, now=NOW) == sent.link
    assert OutgoingMail.objects.get().rendered is None


def test_the_text_that_is_stored_until_it_is_sent_holds_no_link(monkeypatch: pytest.MonkeyPatch):
    sent, stored = send(CallFactory()), []
    take = leases.hand_over
    monkeypatch.setattr(leases, "hand_over", lambda mail, **how: stored.append(how["rendered"]) or take(mail, **how))

    assert delivery.drain(clock=lambda: NOW, seconds=5) == 1

    assert token_of(sent.link).encode() not in stored[0]
    assert sent.link.registration.reference.encode() in stored[0]


def test_proving_in_an_open_call_gives_a_place_and_a_mail_with_a_calendar_entry(mail_folder: Path):
    call = CallFactory()
    link = send(call).link

    registration = intake.prove(registration=link.registration, version=link.version, now=NOW)

    call.refresh_from_db()
    assert (registration.state, registration.proven_at, call.places_taken) == (State.CONFIRMED, NOW, 1)
    delivery.drain(clock=lambda: NOW, seconds=5)
    confirmed = next(mail_folder.glob("*-confirmed.eml")).read_text()
    assert "SUMMARY:Online session " + registration.reference in confirmed
    assert "DTSTART:20260929T080000Z" in confirmed


def test_when_places_are_gone_people_wait_in_order_and_the_first_moves_up_when_one_gives_up():
    call = CallFactory(capacity=1)
    people = [send(call, number).link for number in (1, 2, 3)]
    states = [intake.prove(registration=p.registration, version=1, now=NOW).state for p in people]
    assert states == [State.CONFIRMED, State.RESERVE, State.RESERVE]

    places.withdraw(registration=people[0].registration, now=NOW + timedelta(hours=1))

    after = [Registration.objects.get(pk=p.registration_id).state for p in people]
    assert after == [State.WITHDRAWN, State.CONFIRMED, State.RESERVE]
    promoted = OutgoingMail.objects.get(kind=MailKind.PROMOTED)
    assert promoted.registration == people[1].registration
