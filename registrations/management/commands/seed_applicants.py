from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.services import applicants

#: A call with more would be none of ours, and its memory would be missed elsewhere.
MOST = 50_000


class Command(BaseCommand):
    help = (
        "Fill a selective call with invented applicants who have proven their addresses, answered and been reviewed: "
        "for demos and to measure with. The same seed makes the same people, once. Refused on a real installation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("call", metavar="CALL", help="the short name (slug) of the call's event")
        parser.add_argument("--count", type=_count, default=200, help=f"how many people of this seed, to {MOST}")
        parser.add_argument("--seed", type=int, default=1, help="a number that decides who they are")

    def handle(self, *args: Any, call: str, count: int, seed: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is a real installation (DEBUG=0): nobody is invented among real applicants.")
        found = Call.objects.select_related("event").filter(event__slug=call).first()
        if found is None:
            raise CommandError(f"There is no call for an event “{call}”.")
        try:
            made = applicants.make(call=found, count=count, seed=seed, now=clock.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{call}: {made} new applicants, {count - made} were there already")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"a number from 1 to {MOST}")
    return int(text)
