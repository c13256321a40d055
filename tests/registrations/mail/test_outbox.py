"""No mail without a row, no row without the transaction of its cause, one row for each thing that is said."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registrations import links
from registrations.enums import MailKind, MailState
from registrations.mail import delivery, facts, leases, outbox, tasks
from registrations.mail.outbox import Letter
from registrations.models import MailGate, OutgoingMail
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration():
    return RegistrationFactory()


def put(registration, kind=MailKind.CONFIRMED, version="1", **details):
    letter = Letter(kind, version, registration, **details)
    return outbox.put(letter, about=facts.of_call(registration.call), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_put():
    registration = RegistrationFactory()
    with pytest.raises(outbox.OutsideTransaction):
        put(registration)
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_cause_is_rolled_back_no_row_is_left_and_nobody_rings(monkeypatch):
    rings = []
    monkeypatch.setattr(tasks, "ring", lambda: rings.append(1))
    registration = RegistrationFactory()
    with transaction.atomic():
        put(registration)
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.exists()
    assert rings == []
    with transaction.atomic():
        put(registration)
        assert rings == []
    assert rings == [1]


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_that_breaks_breaks_nothing_else(monkeypatch):
    def breaks():
        raise RuntimeError("no bell")

    monkeypatch.setattr(tasks, "ring", breaks)
    with transaction.atomic():
        put(RegistrationFactory())
    assert OutgoingMail.objects.get().state == MailState.QUEUED


def test_what_was_said_is_not_said_again(registration):
    assert put(registration) is not None
    assert put(registration) is None
    assert put(registration, version="2") is not None
    assert put(registration, kind=MailKind.GIVEN_UP) is not None
    assert put(RegistrationFactory(call=registration.call)) is not None
    assert OutgoingMail.objects.count() == 4


def test_the_database_has_the_last_word_on_saying_things_once(registration):
    OutgoingMailFactory(registration=registration, key="the same")
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingMailFactory(registration=registration, key="the same")


def test_putting_many_takes_as_many_statements_as_putting_one():
    def statements(number: int) -> int:
        call = CallFactory(capacity=100)
        people = RegistrationFactory.create_batch(number, call=call)
        letters = [Letter(MailKind.EVENT_CHANGED, "1", person) for person in people]
        about = facts.of_call(call)
        with CaptureQueriesContext(connection) as queries:
            assert len(outbox.put_many(letters, about=about, now=NOW)) == number
        return len(queries)

    assert statements(1) == statements(50) == 4


def test_a_row_holds_no_address_no_name_no_token_and_no_code(registration):
    mail = put(registration, MailKind.PROVE_ADDRESS, says={"has_code": True})
    delivery.drain(clock=lambda: NOW, seconds=5)
    row = OutgoingMail.objects.values().get()
    assert row["state"] == MailState.SENT
    text = "".join(str(bytes(value) if isinstance(value, memoryview) else value) for value in row.values())
    identity, link = registration.identity, mail.link
    code = links.code_of(link)
    hidden = [identity.email, identity.given_name, identity.family_name, identity.organisation, identity.display_name]
    hidden += [links.token_of(link).partition("-")[2], code, f"{code[:4]} {code[4:]}"]
    assert [secret for secret in hidden if secret in text] == []


def test_facts_message_id_and_date_are_frozen_when_the_row_is_made(registration):
    moment = NOW + timedelta(microseconds=123_456)
    letter = Letter(MailKind.CONFIRMED, "1", registration)
    mail = outbox.put(letter, about=facts.of_call(registration.call), now=moment)
    assert mail.date == NOW
    assert mail.message_id.startswith("<")
    registration.call.event.sessions.all().delete()
    mail.refresh_from_db()
    assert "29 September" in mail.facts["when"]


def test_message_ids_say_nothing_and_differ(registration):
    first, second = put(registration), put(registration, version="2")
    assert first.message_id != second.message_id
    assert registration.reference not in first.message_id


def test_a_mail_to_the_call_s_mailbox_is_about_nobody():
    call = CallFactory()
    mail = outbox.put(Letter(MailKind.CALL_CLOSED, "1"), about=facts.of_call(call), now=NOW)
    assert (mail.registration, mail.link, mail.call) == (None, None, call)


@pytest.mark.parametrize("state", MailState)
def test_a_person_stops_a_mail_that_waits_and_no_other(state, registration):
    lease = NOW if state in (MailState.LEASED, MailState.HANDING_OVER) else None
    mail = OutgoingMailFactory(
        registration=registration, state=state, sent_at=NOW if state == MailState.SENT else None, lease_until=lease
    )
    stops = state in (MailState.QUEUED, MailState.HELD)
    assert outbox.cancel(mail=mail, by=UserFactory()) is stops
    mail.refresh_from_db()
    assert mail.state == (MailState.CANCELLED if stops else state)


@pytest.mark.parametrize("state", MailState)
def test_a_person_repeats_a_mail_that_ended_without_being_sent(state, registration):
    lease = NOW if state in (MailState.LEASED, MailState.HANDING_OVER) else None
    mail = OutgoingMailFactory(
        registration=registration,
        state=state,
        attempts=3,
        useless_after=NOW,
        sent_at=NOW if state == MailState.SENT else None,
        lease_until=lease,
    )
    later = NOW + timedelta(days=1)
    repeats = state in outbox.REPEATABLE
    assert outbox.retry(mail=mail, now=later, by=UserFactory()) is repeats
    mail.refresh_from_db()
    if repeats:
        assert (mail.state, mail.due_at, mail.attempts, mail.useless_after) == (MailState.QUEUED, later, 0, None)
    else:
        assert (mail.state, mail.attempts) == (state, 3)


def test_what_a_person_sent_again_and_then_held_is_not_let_go_with_what_a_restore_held():
    mail = OutgoingMailFactory(state=MailState.HELD, restored_at=NOW)
    assert outbox.retry(mail=mail, now=NOW, by=UserFactory())
    assert outbox.hold(mails=[mail]) == 1
    assert outbox.release_restored() == 0
    mail.refresh_from_db()
    assert mail.state == MailState.HELD


def test_a_mail_that_is_held_does_not_leave(registration):
    mail = put(registration)
    assert outbox.hold(mails=[mail]) == 1
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 0
    outbox.retry(mail=mail, now=NOW, by=UserFactory())
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 1


def test_while_mail_is_paused_rows_are_made_and_wait(registration):
    organiser = UserFactory()
    outbox.pause(now=NOW, by=organiser, reason="Something is wrong.")
    put(registration)
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 0
    gate = MailGate.objects.get()
    assert (gate.paused_by, gate.reason) == (organiser, "Something is wrong.")
    assert OutgoingMail.objects.get().attempts == 0
    outbox.resume()
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 1


@pytest.mark.parametrize("kind", sorted(leases.GO_ALWAYS))
def test_no_pause_stops_a_call_for_help_or_a_warning_to_staff(kind):
    organiser = UserFactory()
    outbox.pause(now=NOW, by=organiser, reason="Something is wrong.")
    warning = OutgoingMailFactory(kind=kind, user=organiser, registration=None, call=None)
    other = OutgoingMailFactory()
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 1
    warning.refresh_from_db()
    other.refresh_from_db()
    assert (warning.state, other.state) == (MailState.SENT, MailState.QUEUED)


def test_while_the_relay_refuses_all_not_even_a_call_for_help_is_tried():
    MailGate.objects.create(pk=1, closed_until=NOW + timedelta(minutes=1))
    OutgoingMailFactory(kind=MailKind.UNSAFE_ALARM, user=UserFactory(), registration=None, call=None)
    assert delivery.drain(clock=lambda: NOW, seconds=5) == 0


def test_pausing_twice_and_resuming_twice_is_harmless():
    for _ in range(2):
        outbox.pause(now=NOW)
    for _ in range(2):
        outbox.resume()
    assert delivery.is_gate_open(now=NOW)
