from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import factors
from ranportal.shared import sealing
from registrations.services import call_keys


class Command(BaseCommand):
    help = (
        "Wrap the keys of all calls by the first of MASTER_KEYS. Put the new one first and restart every program, run "
        "this, and take the old one away when it says that none is left. All goes on meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            number = call_keys.rotate_master_key()
            seeds = factors.seal_anew()
        except sealing.NoMasterKey as error:
            raise CommandError(f"{error} Put it back after the new one, and run this again.") from None
        newest = sealing.master_ids()[0]
        left = call_keys.of_older_master_keys().count() + factors.of_older_master_keys()
        self.stdout.write(
            f"Keys of calls wrapped anew by master key {newest}: {number}; seeds of second factors: {seeds}. "
            f"Left by others: {left}."
        )
        if left:
            raise CommandError(
                "Some were made meanwhile by a program that has the old master key only. Run this again."
            )
