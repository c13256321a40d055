from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.mail import outbox


class Command(BaseCommand):
    help = "Stop all mail but calls for help and warnings to staff. Nothing is lost: mails wait until resume_mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="shown to staff beside the outbox")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        outbox.pause(now=clock.now(), reason=reason[:300])
        self.stdout.write("All outgoing mail is paused. resume_mail lets it go.")
