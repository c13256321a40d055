"""What a mail server answers, and what becomes of the mails: law 3, against a real server on a socket."""

from datetime import timedelta
from email import message_from_bytes

import pytest
from django.db import connection

from registrations.enums import MailState
from registrations.mail import delivery, leases, lines, outbox, shapes
from registrations.models import MailGate, OutgoingMail
from tests.factories import NOW, OutgoingMailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["all at once", "one command at a time"])
def smtp_sink(smtp_sink, request):
    """A server that takes commands together and the message in one piece (RFC 2920, 3030), and one that can neither."""
    if request.param == "one command at a time":
        smtp_sink.behaviour.extensions = ()
    return smtp_sink


def drain(now=NOW):
    return delivery.drain(clock=lambda: now, seconds=30)


def put(number=1):
    return OutgoingMailFactory.create_batch(number)


def outcome(mail):
    mail.refresh_from_db()
    return mail.state, mail.attempts, mail.last_error


def address_of(mail):
    return mail.registration.identity.email


def test_many_mails_go_over_one_connection(smtp_sink):
    mails = put(3)
    assert drain() == 3
    assert smtp_sink.sessions == 1
    kept = smtp_sink.messages
    assert [message.recipients for message in kept] == [(address_of(mail),) for mail in mails]
    assert {message.sender for message in kept} == {"secretariat@example.org"}
    assert [outcome(mail) for mail in mails] == [(MailState.SENT, 1, "")] * 3


def test_each_mail_is_for_one_reader_and_carries_its_own_id_and_date(smtp_sink):
    (mail,) = put()
    drain()
    message = message_from_bytes(smtp_sink.messages[0].data)
    assert (message["To"], message["Cc"], message["Bcc"]) == (address_of(mail), None, None)
    assert (message["Message-ID"], message["Date"]) == (mail.message_id, "Tue, 01 Sep 2026 12:00:00 +0000")


def test_no_transaction_is_open_while_the_server_is_spoken_to(smtp_sink, monkeypatch):
    seen = []
    original = leases.hand_over

    def noting(*args, **details):
        seen.append(len(connection.savepoint_ids))
        return original(*args, **details)

    before = len(connection.savepoint_ids)
    monkeypatch.setattr(leases, "hand_over", noting)
    put()
    drain()
    assert seen == [before]


def test_a_mailbox_that_does_not_exist_ends_its_mail_at_once(smtp_sink):
    refused, other = put(2)
    smtp_sink.behaviour.recipients[address_of(refused)] = "550 5.1.1 no such mailbox"
    assert drain() == 1
    assert outcome(refused) == (MailState.REFUSED, 1, "Refused for good (550).")
    assert outcome(other)[0] == MailState.SENT
    assert drain(NOW + timedelta(days=2)) == 0


def test_a_mailbox_that_is_busy_is_tried_again_and_the_others_go_on(smtp_sink):
    busy, other = put(2)
    smtp_sink.behaviour.recipients[address_of(busy)] = "451 4.7.1 greylisted"
    assert drain() == 1
    assert outcome(busy) == (MailState.QUEUED, 1, "Not now (451).")
    assert outcome(other)[0] == MailState.SENT
    smtp_sink.behaviour.recipients.clear()
    assert drain(NOW + timedelta(minutes=2)) == 1


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ("451 4.3.0 later", MailState.QUEUED, "Not now (451)."),
        ("421 4.3.2 shutting down", MailState.QUEUED, "The relay is busy (421)."),
        ("552 5.3.4 too large", MailState.REFUSED, "Refused for good (552)."),
        ("554 5.7.1 we think it is spam", MailState.REFUSED, "Refused for good (554)."),
    ],
)
def test_a_message_that_is_not_taken(smtp_sink, answer, state, error):
    smtp_sink.behaviour.data = answer
    (mail,) = put()
    assert drain() == 0
    assert outcome(mail) == (state, 1, error)
    assert not mail.is_maybe_repeated


def test_what_cannot_be_delivered_comes_back_to_the_address_of_the_settings(smtp_sink, settings):
    settings.ENVELOPE_FROM = "bounces@portal.example.org"
    OutgoingMailFactory()
    drain()
    (kept,) = smtp_sink.messages
    assert kept.sender == "bounces@portal.example.org"
    assert b"From: Event secretariat <secretariat@example.org>" in kept.data


def test_a_server_that_refuses_us_as_sender_closes_the_gate(smtp_sink):
    smtp_sink.behaviour.sender = "550 5.7.1 not you"
    mails = put(2)
    assert drain() == 0
    assert [outcome(mail)[:2] for mail in mails] == [(MailState.QUEUED, 0)] * 2
    assert MailGate.objects.get().reason == "The relay refuses us as sender (550)."


@pytest.mark.parametrize("greeting", ["421 too many connections", "554 go away"])
def test_a_server_that_does_not_greet_us_closes_the_gate(smtp_sink, greeting):
    smtp_sink.behaviour.greeting = greeting
    (mail,) = put()
    assert drain() == 0
    assert outcome(mail)[:2] == (MailState.QUEUED, 0)
    assert greeting[:3] in MailGate.objects.get().reason


def test_a_wrong_password_closes_the_gate_and_spends_no_attempts(smtp_sink, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
    smtp_sink.behaviour.offers_auth, smtp_sink.behaviour.auth = True, "535 5.7.8 no"
    mails = put(2)
    assert drain() == 0
    assert [outcome(mail)[:2] for mail in mails] == [(MailState.QUEUED, 0)] * 2
    assert "535" in MailGate.objects.get().reason
    smtp_sink.behaviour.auth = "235 2.7.0 fine"
    assert drain(NOW + timedelta(seconds=30)) == 2


def test_a_refused_connection_closes_the_gate_until_the_server_is_back(smtp_sink):
    smtp_sink.close_port()
    mails = put(2)
    assert drain() == 0
    assert [outcome(mail)[:2] for mail in mails] == [(MailState.QUEUED, 0)] * 2
    assert "ConnectionRefusedError" in MailGate.objects.get().reason
    smtp_sink.open_port()
    assert drain(NOW + timedelta(seconds=29)) == 0
    assert drain(NOW + timedelta(seconds=30)) == 2


def test_a_line_that_is_cut_after_the_message_may_bring_it_twice_byte_by_byte(smtp_sink):
    smtp_sink.behaviour.cuts_after_data = 1
    mail, other = put(2)
    assert drain() == 1
    assert outcome(mail)[:2] == (MailState.QUEUED, 1)
    assert mail.is_maybe_repeated
    assert outcome(other)[0] == MailState.SENT
    assert drain(NOW + timedelta(minutes=2)) == 1
    copies = [m.data for m in smtp_sink.messages if m.recipients == (address_of(mail),)]
    assert len(copies) == 2
    assert copies[0] == copies[1]


def test_a_server_that_hangs_after_the_message_may_bring_it_twice(smtp_sink, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp_sink.behaviour.hangs_after_data = True
    (mail,) = put()
    assert drain() == 0
    assert outcome(mail) == (MailState.QUEUED, 1, "No answer after the message (SMTPServerDisconnected).")
    assert mail.is_maybe_repeated


def test_a_mail_that_another_worker_took_leaves_the_connection_usable(smtp_sink, monkeypatch):
    """Servers refuse a second MAIL while the first one is still open."""
    lost, other = put(2)
    original = leases.hand_over

    def loses_the_first(mail, **details):
        return (False, True) if mail.pk == lost.pk else original(mail, **details)

    monkeypatch.setattr(leases, "hand_over", loses_the_first)
    assert drain() == 1
    assert outcome(other)[0] == MailState.SENT
    assert len(smtp_sink.messages) == 1
    assert delivery.is_gate_open(now=NOW)


def test_lines_with_a_single_dot_arrive_as_they_were_written(smtp_sink, monkeypatch):
    monkeypatch.setattr(shapes, "render", lambda mail: b"Subject: x\r\n\r\n.\r\n..\r\nend\r\n")
    put()
    drain()
    assert smtp_sink.messages[0].data == b"Subject: x\r\n\r\n.\r\n..\r\nend\r\n"


def test_a_message_is_sent_in_one_piece_where_the_server_can_take_that(smtp_sink):
    put(2)
    drain()
    offers = bool(smtp_sink.behaviour.extensions)
    assert (smtp_sink.said["BDAT"], smtp_sink.said["DATA"]) == ((2, 0) if offers else (0, 2))


def test_the_server_s_own_words_are_not_kept_since_they_quote_the_address(smtp_sink):
    (mail,) = put()
    smtp_sink.behaviour.recipients[address_of(mail)] = f"550 5.1.1 <{address_of(mail)}> unknown"
    drain()
    assert address_of(mail) not in str(OutgoingMail.objects.values().get())


def test_what_becomes_of_one_mail_says_nothing_about_the_next(smtp_sink):
    refused, busy, other = put(3)
    smtp_sink.behaviour.recipients[address_of(refused)] = "550 5.1.1 no such mailbox"
    smtp_sink.behaviour.recipients[address_of(busy)] = "451 4.7.1 greylisted"
    assert drain() == 1
    assert [outcome(mail)[0] for mail in (refused, busy, other)] == [
        MailState.REFUSED,
        MailState.QUEUED,
        MailState.SENT,
    ]
    assert smtp_sink.sessions == 1


def test_a_pause_leaves_the_connection_usable(smtp_sink):
    first, second = put(2)
    claimed = delivery.claim(now=NOW)
    outbox.pause(now=NOW)
    with lines.line(clock=lambda: NOW, lease=delivery.LEASE) as line:
        batch = delivery.Batch(claimed, relay=line.relay, clock=lambda: NOW)
        assert batch.send() is False
        assert line.relay.is_connected
    assert [outcome(mail)[:2] for mail in (first, second)] == [(MailState.QUEUED, 0)] * 2
    outbox.resume()
    assert drain() == 2
    assert (len(smtp_sink.messages), smtp_sink.sessions) == (2, 1)
