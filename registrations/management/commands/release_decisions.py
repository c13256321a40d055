from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.services import releasing


class Command(BaseCommand):
    help = (
        "Release the staged decisions of a call at once: states and mails together. A release that was given on the "
        "call's page and waits is carried out now; where the call wants a second person there must be one. A second "
        "time changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("call", metavar="CALL", help="the short name (slug) of the call's event")

    def handle(self, *args: Any, call: str, **options: Any) -> None:
        found = Call.objects.filter(event__slug=call).first()
        if found is None:
            raise CommandError(f"There is no call for an event “{call}”.")
        try:
            released = releasing.release_at_once(call=found, now=clock.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{released.selected} selected, {released.reserve} on the reserve list, {released.declined} not selected"
        )
