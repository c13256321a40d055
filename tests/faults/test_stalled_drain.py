"""Law 3: a drain that stands still until its lease is over finds that another has sent its mails."""

import threading
from collections import Counter

import pytest
from django.db import connection

from ranportal.shared import clock
from registrations.mail import delivery, leases
from registrations.models import OutgoingMail
from tests.faults.mails import put_mails
from tests.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_comes_back_after_the_end_of_the_lease_sends_nothing_more(smtp_sink):
    copies = stalled_drain(smtp_sink)
    assert copies == {0: 2, 1: 1, 2: 1, 3: 1}


def test_without_the_fence_who_comes_back_sends_all_again(smtp_sink, monkeypatch):
    """The control: the owner's token is taken for anybody's."""
    monkeypatch.setattr(leases, "hand_over", lambda *mails, **more: (True, True))
    copies = stalled_drain(smtp_sink)
    assert min(copies.values()) >= 2


def stalled_drain(sink: SmtpSink) -> dict[int, int]:
    """A drain stands still in its first of four mails until another has sent all; how often each mail came."""
    put_mails(4)
    stall = sink.behaviour.stall = threading.Event()
    slow = threading.Thread(target=drain_alone)
    slow.start()
    sink.wait_for_count(1, seconds=60)
    OutgoingMail.objects.update(lease_until=clock.now())
    delivery.drain(clock=clock.now, seconds=30)
    stall.set()
    slow.join()
    came = Counter(message.recipients[0] for message in sink.messages)
    return {number: came[f"to{number}@example.org"] for number in range(4)}


def drain_alone() -> None:
    try:
        delivery.drain(clock=clock.now, seconds=30)
    finally:
        connection.close()
