"""Ringing for a worker: never an error, never a delay, and nothing is lost when nobody hears it."""

import socket
import time
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from ranportal.shared import clock
from registrations import jobs
from registrations.enums import MailState
from registrations.mail import tasks
from registrations.models import OutgoingMail
from tests.factories import OutgoingMailFactory

#: Seconds that a request may lose at most (law 3 says 50 ms; the rest is for a busy machine).
MOST = 0.1


@pytest.fixture(autouse=True)
def nobody_rang_before(monkeypatch):
    monkeypatch.setattr(tasks, "_silent_until", 0.0)


@pytest.fixture
def broker(monkeypatch):
    """Sets the broker's address for one test."""
    return lambda url: monkeypatch.setitem(current_app.conf, "broker_write_url", url)


@pytest.fixture
def hanging(tmp_path_factory):
    """A server that takes connections and never says a word."""
    path = Path(tmp_path_factory.mktemp("s", numbered=True)) / "hang.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(50)
        yield f"redis+socket://{path}"


def seconds_of_a_ring(monkeypatch, rings: int = 5) -> float:
    """The quickest of some: a busy machine makes any of them slow, a missing time-out all."""
    took = []
    for _ in range(rings):
        monkeypatch.setattr(tasks, "_silent_until", 0.0)
        start = time.monotonic()
        tasks.ring()
        took.append(time.monotonic() - start)
    return min(took)


def test_a_broker_that_is_down_costs_no_time_and_no_error(broker, monkeypatch, tmp_path):
    broker(f"redis+socket://{tmp_path / 'nothing.sock'}")
    assert seconds_of_a_ring(monkeypatch) < MOST


def test_a_port_that_refuses_costs_no_time_and_no_error(broker, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    broker(f"redis://127.0.0.1:{port}/0")
    assert seconds_of_a_ring(monkeypatch) < MOST


def test_a_broker_that_hangs_costs_little_time_and_no_error(broker, monkeypatch, hanging):
    broker(hanging)
    assert seconds_of_a_ring(monkeypatch) < MOST


def test_a_broker_that_was_silent_is_left_alone_for_a_while(broker, monkeypatch, hanging):
    broker(hanging)
    tasks.ring()
    asked = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **details: asked.append(1))
    tasks.ring()
    assert asked == []
    later = time.monotonic() + tasks.SILENT_FOR + 1
    monkeypatch.setattr(tasks.time, "monotonic", lambda: later)
    broker(settings.CELERY_BROKER_URL)
    tasks.ring()
    assert asked == [1]


def test_a_ring_that_is_heard_is_quick_and_carries_nothing_about_anybody(monkeypatch):
    current_app.control.purge()
    assert seconds_of_a_ring(monkeypatch, rings=3) < MOST
    with current_app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        messages = [queue.get(timeout=5) for _ in range(3)]
        for message in messages:
            message.ack()
    assert [message.payload[:2] for message in messages] == [[[], {}]] * 3


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_nobody_rang_for_is_sent_by_the_sweep(mail_folder):
    mail = OutgoingMailFactory(due_at=clock.now())
    assert jobs.sweep_outbox() == 1
    assert OutgoingMail.objects.get(pk=mail.pk).state == MailState.SENT
    assert len(list(mail_folder.iterdir())) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_ring_wakes_a_real_worker(worker, smtp_sink):
    OutgoingMailFactory(due_at=clock.now())
    worker()
    tasks.ring()
    assert len(smtp_sink.wait_for_count(1)) == 1
