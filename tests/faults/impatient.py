"""The worker's program with a short lease and a quick sweep, so that a test need not wait for minutes."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from celery.signals import worker_init

from ranportal.celery import app

__all__ = ["app"]

app.conf.beat_schedule["sweep the outbox"]["schedule"] = 1.0


def _shorten_lease(**kwargs: Any) -> None:
    import_module("registrations.mail.delivery").LEASE = timedelta(seconds=6)


worker_init.connect(_shorten_lease)
