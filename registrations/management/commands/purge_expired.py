from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.services import privacy


class Command(BaseCommand):
    help = "Erase what is kept no longer: unproven registrations, sensitive answers, people of past events, mail texts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how much it would be")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        for name, count in privacy.purge_expired(now=clock.now(), is_dry_run=dry_run).items():
            self.stdout.write(f"{name}: {count}")
