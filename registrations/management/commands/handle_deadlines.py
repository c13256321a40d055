from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ranportal.shared import clock
from registrations.services import alarms, notices, releasing


def moment(text: str) -> datetime:
    """Return the aware moment of an ISO 8601 text; without an offset it is a time of the portal's zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a moment, as 2026-09-06T22:00:00Z") from error
    return timezone.make_aware(found) if timezone.is_naive(found) else found


class Command(BaseCommand):
    help = (
        "Do what dates ask for: releases whose hour has come, deadlines that passed, reminders, lists to close, "
        "changes to tell. Each is a scan for what is due and not yet handled, so running it twice or late does no harm."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", type=moment, metavar="ISO", help="act as if it were this moment")

    def handle(self, *args: Any, now: datetime | None, **options: Any) -> None:
        others = {"carry_out_releases": releasing.carry_out, "remind_of_alarms": alarms.remind}
        for name, count in notices.run_scans(now=now or clock.now(), others=others).items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")
