from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.enums import LookKind
from registrations.services import looking, privacy


class Command(BaseCommand):
    help = (
        "Erase the person with this address from every registration, files included, and as a contact point. What "
        "still runs is given up first. This cannot be undone; backups and sent mails are not reached."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        now = clock.now()
        try:
            erased = privacy.erase_person(email=email, by=None, now=now)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        looking.enter(
            user=None,
            kind=LookKind.DETAIL,
            page="erase_person",
            call_id=None,
            references=erased.references,
            purpose="On the command line",
            now=now,
        )
        told = f"Erased: {', '.join(erased.references) or 'no registration'}. Given up on the way: {erased.given_up}."
        if erased.questions:
            told += f" Questions to a contact point that name nobody now: {erased.questions}."
        self.stdout.write(told)
