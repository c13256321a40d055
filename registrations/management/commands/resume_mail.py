from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.mail import delivery, outbox


class Command(BaseCommand):
    help = "Let outgoing mail go again; with --held, what a restore put on hold, and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--held", action="store_true", help="send what a restore put on hold")

    def handle(self, *args: Any, held: bool, **options: Any) -> None:
        if held:
            released = outbox.release_restored()
            self.stdout.write(f"{released} mails are no longer on hold; each goes with its former Message-ID.")
            if not delivery.is_gate_open(now=clock.now()):
                self.stderr.write(delivery.STOPPED)
            return
        outbox.resume()
        self.stdout.write("Outgoing mail goes again.")
