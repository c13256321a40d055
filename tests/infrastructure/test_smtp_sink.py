"""The mail server of the tests behaves as real ones do."""

import smtplib

import pytest

from tests.smtp_sink import Mishap

MESSAGE = b"Subject: hello\r\n\r\n.first line starts with a dot\r\nsecond\r\n"


@pytest.fixture
def client(smtp_sink):
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2) as client:
        yield client


def send(client):
    return client.sendmail("from@example.org", ["to@example.org"], MESSAGE)


def test_a_message_is_kept_byte_by_byte_with_its_envelope(smtp_sink, client):
    send(client)
    (kept,) = smtp_sink.wait_for_count(1)
    assert (kept.sender, kept.recipients, kept.data) == ("from@example.org", ("to@example.org",), MESSAGE)


def test_a_message_in_one_piece_is_kept_byte_by_byte_too(smtp_sink, client):
    client.ehlo()
    assert client.has_extn("chunking")
    client.mail("from@example.org")
    client.rcpt("to@example.org")
    client.send(b"BDAT %d LAST\r\n" % len(MESSAGE) + MESSAGE)
    assert client.getreply()[0] == 250
    assert [kept.data for kept in smtp_sink.messages] == [MESSAGE]


def test_a_recipient_can_be_refused(smtp_sink, client):
    smtp_sink.behaviour.recipients["to@example.org"] = "550 5.1.1 no such mailbox"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(client)
    assert smtp_sink.messages == []


def test_a_second_mail_while_the_first_is_open_is_refused(client):
    client.mail("from@example.org")
    assert client.mail("from@example.org")[0] == 503
    client.rset()
    assert client.mail("from@example.org")[0] == 250


def test_a_message_can_be_put_off(smtp_sink, client):
    smtp_sink.behaviour.data = "451 4.3.0 later"
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(client)
    assert smtp_sink.messages == []


def test_the_line_can_be_cut_after_the_message_was_kept(smtp_sink, client):
    smtp_sink.behaviour.cuts_after_data = 1
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(client)
    assert len(smtp_sink.wait_for_count(1)) == 1


def test_the_server_can_hang_after_the_message_was_kept(smtp_sink):
    smtp_sink.behaviour.hangs_after_data = True
    client = smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=0.3)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(client)
    client.close()
    assert len(smtp_sink.wait_for_count(1)) == 1


def test_a_closed_port_refuses_until_it_opens_again(smtp_sink):
    smtp_sink.close_port()
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2)
    smtp_sink.open_port()
    smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2).quit()


@pytest.mark.parametrize(
    ("mishap", "error"),
    [
        (Mishap.POSTPONED, smtplib.SMTPRecipientsRefused),
        (Mishap.REFUSED, smtplib.SMTPRecipientsRefused),
        (Mishap.CUT_AT_RECIPIENT, smtplib.SMTPServerDisconnected),
        (Mishap.LOST_AFTER_DATA, smtplib.SMTPServerDisconnected),
    ],
)
def test_what_befalls_one_address_befalls_it_once(smtp_sink, client, mishap, error):
    smtp_sink.behaviour.mishaps["to@example.org"] = [mishap]
    with pytest.raises(error):
        send(client)
    assert smtp_sink.messages == []
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2) as again:
        send(again)
    assert len(smtp_sink.messages) == 1
    assert smtp_sink.tried == {"to@example.org": 2}
    assert smtp_sink.befell == {mishap: 1, Mishap.NONE: 1}


@pytest.mark.parametrize("mishap", [Mishap.CUT_AFTER_DATA, Mishap.HANGS_AFTER_DOT])
def test_a_message_can_be_kept_without_a_word(smtp_sink, mishap):
    smtp_sink.behaviour.mishaps["to@example.org"] = [mishap]
    client = smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=0.3)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(client)
    client.close()
    assert len(smtp_sink.wait_for_count(1)) == 1


def test_the_server_can_hang_before_it_greets(smtp_sink):
    smtp_sink.behaviour.hangs_before_banner = 1
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=0.3)
    smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2).quit()
    assert smtp_sink.hung_before_banner == 1


def test_the_server_admits_so_many_sessions_at_a_time_and_counts_them(smtp_sink, client):
    smtp_sink.behaviour.admits = 2
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2):
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            smtplib.SMTP(smtp_sink.host, smtp_sink.port, timeout=2)
        assert smtp_sink.most_sessions == 3
