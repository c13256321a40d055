import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared.refusals import Refused
from registrations.services import privacy


class Command(BaseCommand):
    help = "Write all that is held about the person with this address to the standard output, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            found = privacy.export_person(email=email)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
