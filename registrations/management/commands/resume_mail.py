from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registrations.mail import outbox


class Command(BaseCommand):
    help = "Let outgoing mail go again; with --held, what a restore put on hold, and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--held", action="store_true", help="send what a restore put on hold")

    def handle(self, *args: Any, held: bool, **options: Any) -> None:
        if held:
            self.stdout.write(f"{outbox.release_restored()} mails go, each with its former Message-ID.")
            return
        outbox.resume()
        self.stdout.write("Outgoing mail goes again.")
