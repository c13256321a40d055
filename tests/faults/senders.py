"""Who sends the mails of a test that kills nobody: a worker with beat, or two threads in the short form."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from ranportal.shared import clock
from registrations.mail import delivery
from tests.faults import report, scaling


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The scaled times in this process, as `impatient` has them in a worker."""
    for name, value in scaling.SHORT.items():
        monkeypatch.setattr(delivery, name, value)
    settings.EMAIL_TIMEOUT = scaling.TIME_OUT


@pytest.fixture
def senders(worker: Callable[..., Any], scaled: None) -> Iterator[Callable[[], None]]:
    """Starts two senders: ``senders()``."""
    is_over = threading.Event()
    threads: list[threading.Thread] = []

    def send() -> None:
        try:
            while not is_over.wait(scaling.SWEEP / 10):
                delivery.drain(clock=clock.now, seconds=5)
        finally:
            connection.close()

    def start() -> None:
        if report.is_full():
            worker(concurrency=2, has_beat=True, app="tests.faults.impatient")
            return
        threads.extend(threading.Thread(target=send, daemon=True) for _ in range(2))
        for thread in threads:
            thread.start()

    yield start
    is_over.set()
    for thread in threads:
        thread.join(30)
