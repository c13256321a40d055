"""A relay that admits few connections, and connections that are kept: against a real server on a socket."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from ranportal.shared import clock
from registrations.enums import MailState
from registrations.mail import delivery, lines
from registrations.models import MailConnection, MailGate, OutgoingMail
from tests.factories import NOW, OutgoingMailFactory, RegistrationFactory

DRAINERS = 4


@pytest.fixture(autouse=True)
def _no_line_is_left_over():
    yield
    while (kept := lines._pick_up()) is not None:
        kept.relay.cut()


def drain(now=NOW):
    return delivery.drain(clock=lambda: now, seconds=30)


def states() -> set[str]:
    return set(OutgoingMail.objects.order_by().values_list("state", flat=True))


def drain_side_by_side(monkeypatch) -> None:
    """Four drainers, each with lines of its own as in a process of its own; they begin together, with small batches."""
    monkeypatch.setattr(delivery, "BATCH", 3)
    monkeypatch.setattr(lines, "_lay_down", lines.Line.give_up)
    barrier = Barrier(DRAINERS)

    def work():
        try:
            barrier.wait(20)
            delivery.drain(clock=clock.now, seconds=60)
        finally:
            connection.close()

    drainers = [Thread(target=work) for _ in range(DRAINERS)]
    for drainer in drainers:
        drainer.start()
    for drainer in drainers:
        drainer.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_four_drainers_hold_no_more_connections_than_the_relay_admits(smtp_sink, settings, monkeypatch):
    settings.MAIL_CONNECTIONS = 2
    smtp_sink.behaviour.admits = 2
    smtp_sink.behaviour.delay_seconds = 0.02
    OutgoingMailFactory.create_batch(30, registration=RegistrationFactory())
    drain_side_by_side(monkeypatch)
    assert smtp_sink.most_sessions <= 2
    assert states() == {MailState.SENT}
    assert not OutgoingMail.objects.exclude(attempts=1).exists()
    assert delivery.is_gate_open(now=clock.now())


@pytest.mark.django_db(transaction=True)
def test_without_the_lines_the_relay_would_send_them_away(smtp_sink, settings, monkeypatch):
    """The control: everybody finds a free one."""
    settings.MAIL_CONNECTIONS = 2
    smtp_sink.behaviour.admits = 2
    smtp_sink.behaviour.delay_seconds = 0.02
    monkeypatch.setattr(lines.Line, "take_row", lambda line, **when: True)
    monkeypatch.setattr(lines.Line, "renew", lambda line, **when: True)
    OutgoingMailFactory.create_batch(30, registration=RegistrationFactory())
    drain_side_by_side(monkeypatch)
    assert smtp_sink.most_sessions > 2


@pytest.mark.django_db
def test_who_finds_no_free_line_returns_at_once_and_spends_nothing(smtp_sink, settings):
    settings.MAIL_CONNECTIONS = 1
    MailConnection.objects.create(token="another machine's", held_until=NOW + timedelta(seconds=1))
    mail = OutgoingMailFactory()
    assert drain() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, smtp_sink.sessions) == (MailState.QUEUED, 0, 0)
    assert drain(NOW + timedelta(seconds=1)) == 1, "what a killed process held is free when its time is over"


@pytest.mark.django_db
def test_a_connection_is_kept_from_one_drain_to_the_next(smtp_sink):
    for _ in range(3):
        OutgoingMailFactory()
        assert drain() == 1
    assert smtp_sink.sessions == 1
    assert MailConnection.objects.count() == 1


@pytest.mark.django_db
def test_the_last_free_line_is_not_kept_from_others(smtp_sink, settings):
    settings.MAIL_CONNECTIONS = 1
    OutgoingMailFactory()
    drain()
    assert MailConnection.objects.count() == 0
    assert lines._pick_up() is None


@pytest.mark.django_db
def test_a_kept_connection_is_hung_up_when_nothing_needs_it(smtp_sink, monkeypatch):
    monkeypatch.setattr(lines, "IDLE_SECONDS", 0.05)
    OutgoingMailFactory()
    drain()
    (kept,) = lines._idle
    kept.timer.join(10)
    assert (lines._idle, kept.relay.is_connected) == ([], False)


@pytest.mark.django_db
def test_a_connection_that_idled_out_is_replaced_and_neither_spends_an_attempt_nor_closes_the_gate(smtp_sink):
    OutgoingMailFactory()
    drain()
    smtp_sink.drop_sessions()
    mail = OutgoingMailFactory()
    assert drain() == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, smtp_sink.sessions) == (MailState.SENT, 1, 2)
    assert not MailGate.objects.filter(failures__gt=0).exists()


@pytest.mark.django_db
def test_a_relay_of_other_settings_gets_a_connection_of_its_own(smtp_sink, settings, tmp_path):
    OutgoingMailFactory()
    drain()
    settings.EMAIL_FILE_PATH = str(tmp_path)
    OutgoingMailFactory()
    drain()
    assert (len(smtp_sink.messages), len(list(tmp_path.iterdir()))) == (1, 1)


@pytest.mark.django_db
def test_a_fault_of_ours_cuts_the_line_and_frees_it(smtp_sink, monkeypatch):
    def breaks(*args, **details):
        raise RuntimeError

    monkeypatch.setattr(delivery.leases, "hand_over", breaks)
    mail = OutgoingMailFactory()
    with pytest.raises(RuntimeError):
        drain()
    mail.refresh_from_db()
    assert (mail.state, MailConnection.objects.count(), lines._idle) == (MailState.QUEUED, 0, [])
