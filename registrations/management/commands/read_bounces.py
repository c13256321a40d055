from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ranportal.shared import clock
from registrations.mail import bounces
from registrations.mail.mailboxes import MailboxAway

#: Seconds that one run may take.
PATIENCE = 300.0


class Command(BaseCommand):
    help = "Read the mailbox of BOUNCES_URL, as beat does every five minutes, and note which mails came back."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = bounces.read(clock=clock.now, seconds=PATIENCE)
        except MailboxAway as away:
            raise CommandError(str(away)) from away
        if found is None:
            raise CommandError("BOUNCES_URL names no mailbox.")
        self.stdout.write(f"{found.returned} came back, {found.delayed} delayed, {found.others} about other mail")
