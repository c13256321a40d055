"""The worker's program, noting each mail as sent before it is handed over: what a kill must uncover."""

import smtplib
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
    data = smtplib.SMTP.data

    def noted(self: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
        mails.filter(state="handing_over").update(state="sent", sent_at=clock.now(), lease_token="", lease_until=None)
        # Long enough for a kill: what the control shows must not depend on chance.
        time.sleep(2)
        return data(self, message)

    smtplib.SMTP.data = noted


worker_init.connect(_note_early)
