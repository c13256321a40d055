from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.enums import Role
from accounts.models import User
from accounts.queries import staff_with
from ranportal.shared import clock
from registrations import call_files
from registrations.call_files import CallFileRefused
from registrations.services import importing, seeding


class Command(BaseCommand):
    help = (
        "Import call files (YAML): an event with its call, announcement and publication. All of them or none; "
        "a mistake is told with its line. The same file twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--organiser",
            dest="organisers",
            action="append",
            default=[],
            metavar="EMAIL",
            help="Who organises these calls and sees who applied; may be given several times. Without it an "
            "administrator names somebody; in the demo its organiser and its administrator organise.",
        )

    def handle(self, *args: Any, files: list[Path], organisers: list[str], **options: Any) -> None:
        named = self._organisers(organisers)
        try:
            results = importing.import_files(files=call_files.read(files), by=None, now=clock.now(), organisers=named)
        except CallFileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        for result in results:
            word = "new" if result.is_new else "changed" if result.has_changed else "nothing to change"
            self.stdout.write(f"{result.slug}: {word}")

    def _organisers(self, emails: list[str]) -> list[User]:
        able = staff_with(Role.ORGANISER)
        if not emails and settings.DEMO:
            return list(able.filter(email__in=seeding.ORGANISERS))
        users = {email: able.filter(email=email.strip().lower()).first() for email in emails}
        for email, user in users.items():
            if user is None:
                raise CommandError(f"{email}: there is no active account of an organiser with this address.")
        return [user for user in users.values() if user is not None]
