from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registrations.services import looking


class Command(BaseCommand):
    help = (
        "Read the whole access log and say whether each entry is as it was written and none is missing in between. "
        "Ends with an error that names the first number that is not."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        chain = looking.verify()
        if chain.broken_at is not None:
            raise CommandError(
                f"The access log is broken at number {chain.broken_at}; {chain.entries} before are whole."
            )
        self.stdout.write(f"Whole: {chain.entries} entries, none changed or missing.")
