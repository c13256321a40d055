from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from registrations.services import seeding


class Command(BaseCommand):
    help = (
        "Fill the demo: accounts, three real calls, new editions dated from today, and made-up applicants. What is "
        "there already is never overwritten. Refused on a real installation."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This is a real installation (DEBUG=0): the demo's accounts have a password that all know."
            )
        seeded = seeding.seed(folder=settings.BASE_DIR / "demo", now=clock.now())
        for slug in seeded.events:
            self.stdout.write(f"{slug}: new")
        self.stdout.write(f"{seeded.registrations} registrations made")
        addresses = ", ".join(email for email, _, _ in seeding.ACCOUNTS)
        self.stdout.write(f"Staff accounts: {addresses}")
        self.stdout.write(f"Password of those made by this command: {seeding.PASSWORD}")
