import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.mail import delivery, restored

#: Seconds between two looks at an empty outbox.
PAUSE = 5.0
#: Seconds that one round may take, so that a signal to stop is heard.
ROUND = 20.0


class Command(BaseCommand):
    help = "Send the mails of the outbox without a broker: what is due, and then what becomes due, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due any more")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = threading.Event()
        former = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            total = deliver(stop, is_once=once)
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
        self.stdout.write(f"{total} sent")
        if not delivery.is_gate_open(now=clock.now()):
            self.stderr.write(delivery.STOPPED)


def deliver(stop: threading.Event, *, is_once: bool) -> int:
    """Send until `stop` is set, or once until nothing is due; returns how many mails were sent."""
    total = 0
    while not stop.is_set():
        restored.hold_if_turned_back(now=clock.now())
        sent = delivery.drain(clock=clock.now, seconds=ROUND)
        total += sent
        if sent == 0 and (is_once or stop.wait(PAUSE)):
            break
    return total
