"""What happens after a change of mind or of address: nobody hears what is no longer so, and nobody is forgotten."""

import smtplib
import ssl
from datetime import timedelta

import pytest

from registrations.enums import MailKind, MailState, ParticipantRole, State
from registrations.mail import outbox, relay
from registrations.models import OutgoingMail, Registration
from registrations.services import addresses, intake, notices, places
from tests.factories import (
    NOW,
    CallFactory,
    DecisionFactory,
    OutgoingMailFactory,
    RegistrationFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db


def send(call, number=1, now=NOW, **details):
    return intake.submit(call=call, person=person(number, **details), answers={}, now=now, received_at=now)


def mails(**which):
    return sorted(OutgoingMail.objects.filter(**which).values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("trait", "news"),
    [
        ("submitted", MailKind.RECEIVED),
        ("selected", MailKind.SELECTED),
        ("confirmed", MailKind.CONFIRMED),
        ("on_list", MailKind.WAITING_LIST),
    ],
)
def test_who_proves_a_corrected_address_hears_what_went_to_the_mistyped_one(trait, news):
    registration = RegistrationFactory(**{trait: True})
    organiser = UserFactory()
    corrected = addresses.correct_address(
        registration=registration, email="right@example.org", by=organiser, channel="telephone", now=NOW
    )
    intake.prove(registration=corrected, version=corrected.version, now=NOW)
    assert mails(registration=registration) == sorted([MailKind.ADDRESS_CORRECTED, news])


@pytest.mark.parametrize("trait", ["withdrawn", "declined"])
def test_the_address_of_who_is_out_is_not_corrected(trait):
    registration = RegistrationFactory(**{trait: True})
    with pytest.raises(addresses.IllegalCorrection):
        addresses.correct_address(
            registration=registration, email="right@example.org", by=UserFactory(), channel="mail", now=NOW
        )
    assert mails() == []


def test_the_proof_stops_the_reminder_to_prove():
    call = CallFactory()
    link = send(call).link
    notices.remind_unproven(now=NOW + timedelta(days=2))
    intake.prove(registration=link.registration, version=1, now=NOW + timedelta(days=2))
    reminder = OutgoingMail.objects.get(kind=MailKind.PROVE_REMINDER)
    assert reminder.state == MailState.CANCELLED


def test_the_yes_stops_the_reminder_to_answer():
    registration = RegistrationFactory(selected=True, answer_by=NOW + timedelta(hours=12))
    notices.remind_unanswered(now=NOW)
    places.confirm(registration=registration, now=NOW)
    states = dict(OutgoingMail.objects.values_list("kind", "state"))
    assert states == {MailKind.ANSWER_REMINDER: MailState.CANCELLED, MailKind.CONFIRMED: MailState.QUEUED}


def test_news_that_was_undone_is_never_sent_again():
    mail = OutgoingMailFactory()
    outbox.cancel_unsent(registrations=[mail.registration], now=NOW)
    assert outbox.retry(mail=mail, now=NOW, by=UserFactory()) is False


def test_what_a_person_cancelled_can_be_sent_again():
    mail = OutgoingMailFactory()
    outbox.cancel(mail=mail, by=UserFactory())
    assert outbox.retry(mail=mail, now=NOW, by=UserFactory()) is True


def test_a_speaker_on_the_list_takes_no_place_and_keeps_nobody_waiting():
    call = CallFactory(capacity=1)
    speaker = RegistrationFactory(call=call, on_list=True)
    places.change_role(registration=speaker, role=ParticipantRole.SPEAKER, is_counted=False, by=UserFactory(), now=NOW)
    link = send(call).link
    proven = intake.prove(registration=link.registration, version=1, now=NOW)
    speaker.refresh_from_db()
    assert (speaker.state, proven.state) == (State.CONFIRMED, State.CONFIRMED)


def test_nobody_joins_a_list_that_has_closed():
    call = CallFactory(capacity=1, list_closes_at=NOW + timedelta(hours=1))
    RegistrationFactory(call=call)
    link = send(call).link
    with pytest.raises(intake.workflow.CallFull):
        intake.prove(registration=link.registration, version=1, now=NOW + timedelta(hours=2))
    assert Registration.objects.get(pk=link.registration_id).state == State.UNPROVEN


def test_the_mail_about_the_deadline_names_it():
    DecisionFactory(registration__call=CallFactory(selective=True, closed=True))
    notices.handle_deadlines(now=NOW)
    assert "until" in OutgoingMail.objects.get(kind=MailKind.CALL_CLOSED).facts["deadline"]


@pytest.mark.parametrize("code", sorted(relay.ABOUT_SIGN_IN))
def test_a_broken_sign_in_closes_the_gate_whatever_it_answers(code):
    assert isinstance(relay._verdict(code), relay.RelayClosed)


def test_a_relay_over_tls_shows_a_certificate_that_we_check(settings, monkeypatch):
    seen = {}

    def refuse(host, port, *, timeout, context):
        seen["context"] = context
        raise OSError

    monkeypatch.setattr(smtplib, "SMTP_SSL", refuse)
    settings.EMAIL_FILE_PATH = None
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL = "relay.example.org", 465, True
    with pytest.raises(relay.RelayClosed):
        relay.SmtpRelay()._connection()
    assert (seen["context"].verify_mode, seen["context"].check_hostname) == (ssl.CERT_REQUIRED, True)
