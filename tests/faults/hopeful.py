"""The worker's program, noting each mail as sent before it is handed over: what a kill must uncover."""

import time
from importlib import import_module
from typing import Any

from celery.signals import worker_init
from django.apps import apps

from tests.faults.impatient import app

__all__ = ["app"]


def _note_early(**kwargs: Any) -> None:
    mails = apps.get_model("registrations", "OutgoingMail").objects
    clock = import_module("ranportal.shared.clock")
    relay = import_module("registrations.mail.relay").SmtpRelay
    hand_over = relay.hand_over

    def noted(self: Any, envelope: Any, *, before_data: Any, meanwhile: Any) -> None:
        def note() -> None:
            before_data()
            mails.filter(state="handing_over").update(
                state="sent", sent_at=clock.now(), lease_token="", lease_until=None
            )
            # Long enough for a kill: what the control shows must not depend on chance.
            time.sleep(2)

        hand_over(self, envelope, before_data=note, meanwhile=meanwhile)

    relay.hand_over = noted


worker_init.connect(_note_early)
