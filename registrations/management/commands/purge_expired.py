from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.services import purging


class Command(BaseCommand):
    help = "Erase what is kept no longer: people, answers and mails whose time is over, and what is left of past calls."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how much it would be, also by call")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        purged = purging.purge_expired(now=clock.now(), is_dry_run=dry_run)
        for name, count in purged.counts.items():
            self.stdout.write(f"{name}: {count}")
        for call, counts in purged.by_call.items() if dry_run else ():
            told = ", ".join(f"{name}: {count}" for name, count in counts.items())
            self.stdout.write(f"of {call}: {told}")
        if purged.certificate is not None:
            self.stdout.write(f"Deletion certificate {purged.certificate.pk}, {purged.certificate.digest}")
