from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from ranportal.shared.stores import StoreDown
from registrations.mail import delivery
from registrations.services import keeping


class Command(BaseCommand):
    help = (
        "Bring back what backup has written: the whole of it, or nothing. Stop web, worker and beat before. "
        "Unfinished mail is on hold afterwards, since it may have gone out after the backup was made."
    )
    #: Before a restore the database may have no tables at all.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="what backup has written")
        parser.add_argument(
            "--call-keys",
            metavar="FILE",
            type=Path,
            help="the newest file of the keys of calls (usually call-keys.json beside the folder)",
        )
        parser.add_argument("--replace", action="store_true", help="give up the data that is there now")
        parser.add_argument("--keys-are-lost", action="store_true", help="restore although the keys are others")
        parser.add_argument(
            "--call-keys-are-lost",
            action="store_true",
            help="give up what missing keys of calls sealed",
        )

    def handle(
        self,
        *args: Any,
        folder: Path,
        call_keys: Path | None,
        replace: bool,
        keys_are_lost: bool,
        call_keys_are_lost: bool,
        **options: Any,
    ) -> None:
        try:
            back = keeping.restore(
                folder=folder,
                keys_file=call_keys or folder.absolute().parent / keeping.CALL_KEYS,
                now=clock.now(),
                is_replacing=replace,
                are_keys_lost=keys_are_lost,
                are_call_keys_lost=call_keys_are_lost,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}. Mend that and restore again.") from error
        except StoreDown as error:
            raise CommandError(f"{error} Restore again when it answers.") from error
        # Rights and kinds of rows that this software has beyond that of the backup.
        call_command("migrate", verbosity=0)
        self.stdout.write(f"As of {back.made_at}: {back.rows} rows and {back.files} files are back.")
        for name in back.missing_files:
            self.stdout.write(f"Missing since before the backup: {name}")
        self.stdout.write(
            f"{back.held.mails} unfinished mails are on hold; {back.held.maybe_sent} of them were due and may have "
            "gone out already. Look at them in the outbox, and let them go there or with: resume_mail --held"
        )
        self.stdout.write("New mail goes." if delivery.is_gate_open(now=clock.now()) else delivery.STOPPED)
        self.stdout.write(
            f"{back.erased} registrations were erased again, as the file of keys says. Erasures asked for since that "
            "file was written have to be done by hand: erase_person."
        )
