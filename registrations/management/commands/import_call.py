from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from registrations import call_files
from registrations.call_files import CallFileRefused
from registrations.services import importing


class Command(BaseCommand):
    help = (
        "Import call files (YAML): an event with its call, announcement and publication. All of them or none; "
        "a mistake is told with its line. The same file twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        try:
            results = importing.import_files(files=call_files.read(files), by=None, now=clock.now())
        except CallFileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        for result in results:
            word = "new" if result.is_new else "changed" if result.has_changed else "nothing to change"
            self.stdout.write(f"{result.slug}: {word}")
