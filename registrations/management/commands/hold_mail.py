from typing import Any

from django.core.management.base import BaseCommand

from ranportal.shared import clock
from registrations.mail import delivery
from registrations.services import keeping


class Command(BaseCommand):
    help = (
        "After a restore by other means than the command restore, before worker and beat start: put all unfinished "
        "mail on hold, and never give a number twice that was given after the backup."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        held = keeping.hold_after_restore(now=clock.now())
        self.stdout.write(
            f"{held.mails} unfinished mails are on hold; {held.maybe_sent} of them were due and may have gone out "
            "already. Let them go in the outbox, or with: resume_mail --held"
        )
        self.stdout.write("New mail goes." if delivery.is_gate_open(now=clock.now()) else delivery.STOPPED)
