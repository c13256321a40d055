"""The worker's program with all that waits made short (`scaling`). For programs alone: to import it changes beat."""

from importlib import import_module
from typing import Any

from celery.signals import worker_init
from django.conf import settings

from ranportal.celery import app
from tests.faults import scaling

__all__ = ["app"]

app.conf.beat_schedule["sweep the outbox"]["schedule"] = scaling.SWEEP


def _scale(**kwargs: Any) -> None:
    delivery = import_module("registrations.mail.delivery")
    for name, value in scaling.SHORT.items():
        # A name that is no more must not be scaled in silence.
        getattr(delivery, name)
        setattr(delivery, name, value)
    settings.EMAIL_TIMEOUT = scaling.TIME_OUT


worker_init.connect(_scale)
