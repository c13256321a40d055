import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from ranportal.shared.keeping import stored_files
from ranportal.shared.refusals import Refused
from registrations.services import keeping


class Command(BaseCommand):
    help = (
        "Write database and files into a folder, proved by checksums, while the portal runs. The keys are not in it: "
        "keep them elsewhere. The folder holds personal data: only its owner can read it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="a folder that is not there yet, or empty")
        parser.add_argument(
            "--call-keys",
            metavar="FILE",
            type=Path,
            help="where the keys of calls go, wrapped, and the references of who was erased: one file for all backups, "
            "brought up to date by each (usually call-keys.json beside the folder)",
        )

    def handle(self, *args: Any, folder: Path, call_keys: Path | None, **options: Any) -> None:
        keys_file = call_keys or folder.absolute().parent / keeping.CALL_KEYS
        # Also for the moment before the modes are set: what is written is nobody else's to read.
        former = os.umask(0o077)
        try:
            made = keeping.backup(folder=folder, keys_file=keys_file, now=clock.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}. No backup was made.") from error
        finally:
            os.umask(former)
        self.stdout.write(
            f"{folder}: {made.rows} rows in {len(made.tables)} tables, {len(stored_files.among(made.files))} files, "
            f"{made.bytes / 1_000_000:.1f} MB, as of {made.made_at}"
        )
        self.stdout.write("It holds personal data: keep it as you keep the database, and delete it when it is old.")
        self.stdout.write("Not in it, and needed to restore it; keep them elsewhere, and never beside it:")
        for name, prints in made.keys.items():
            self.stdout.write(f"  {name}: {', '.join(prints) if prints else 'not set'}")
        self.stdout.write(f"  the keys of calls, and who was erased: {keys_file}, of which only the newest is kept")
        for name in made.missing_files:
            self.stderr.write(f"A row names {name}, and the storage has no such file.")
