from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.services import selection


class Command(BaseCommand):
    help = "Release the staged decisions of a call: states and mails together. A second time changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("call", metavar="CALL", help="the short name (slug) of the call's event")

    def handle(self, *args: Any, call: str, **options: Any) -> None:
        found = Call.objects.filter(event__slug=call).first()
        if found is None:
            raise CommandError(f"There is no call for an event “{call}”.")
        try:
            released = selection.release(call=found, by=None, now=clock.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{released.selected} selected, {released.reserve} on the reserve list, {released.declined} not selected"
        )
