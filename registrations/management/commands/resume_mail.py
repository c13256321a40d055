from typing import Any

from django.core.management.base import BaseCommand

from registrations.mail import outbox


class Command(BaseCommand):
    help = "Let outgoing mail go again."

    def handle(self, *args: Any, **options: Any) -> None:
        outbox.resume()
        self.stdout.write("Outgoing mail goes again.")
