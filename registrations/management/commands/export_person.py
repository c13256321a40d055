import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.enums import LookKind
from registrations.services import looking, privacy


class Command(BaseCommand):
    help = (
        "Write all that is held about the person with this address, as a registrant and as a contact point, to the "
        "standard output, as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            found = privacy.export_person(email=email)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        # Before a word of it leaves the house.
        looking.enter(
            user=None,
            kind=LookKind.EXPORT,
            page="export_person",
            call_id=None,
            references=[one["reference"] for one in found["registrations"]],
            purpose="On the command line",
            now=clock.now(),
        )
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
