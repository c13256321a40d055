"""What the commands about one person have in common: an address, and which of its registrations are meant."""

from argparse import ArgumentParser
from collections.abc import Collection
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared.refusals import Refused
from registrations.services.privacy import AddressShared


class AboutPerson(BaseCommand):
    """A command about the person with an address; `act` does it, and may raise Refused."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--reference",
            dest="references",
            action="append",
            default=[],
            type=lambda text: text.strip().upper(),
            metavar="P-XXXXX",
            help="a registration that is meant; repeat it for several. Needed where several people share the address. "
            "The counter card and what is held of a contact point are the address's own: they are meant only when all "
            "its registrations are named",
        )

    def handle(self, *args: Any, email: str, references: list[str], **options: Any) -> None:
        try:
            self.act(email=email, references=references)
        except AddressShared as refusal:
            raise CommandError(
                f"{refusal} Name them with --reference P-XXXXX, once for each; the data protection officer's page “One "
                "person” lists them by name. Nothing was done."
            ) from refusal
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def act(self, *, email: str, references: Collection[str]) -> None:
        """Do it."""
        raise NotImplementedError
