"""The worker's program with all that waits made short, so that a test need not wait for minutes.

`SCALING` says it in words: it stands in the report beside each figure that was measured so.
"""

from datetime import timedelta
from importlib import import_module
from typing import Any

from celery.signals import worker_init
from django.conf import settings

from ranportal.celery import app

__all__ = ["SCALING", "app"]

SCALING = (
    "scaled: lease 60 to 6 s, sweep 30 to 1 s, retries minutes to seconds, closed gate 30-300 to 1-10 s,"
    " time-out 10 to 2 s"
)

app.conf.beat_schedule["sweep the outbox"]["schedule"] = 1.0


def scale() -> None:
    """Shorten what the mails wait for in this process. Raises AttributeError when a name is no more."""
    delivery = import_module("registrations.mail.delivery")
    for name, value in _SHORT.items():
        getattr(delivery, name)
        setattr(delivery, name, value)
    settings.EMAIL_TIMEOUT = 2


_SHORT: dict[str, Any] = {
    "LEASE": timedelta(seconds=6),
    "RETRY_MINUTES": (1 / 60, 2 / 60, 5 / 60, 10 / 60),
    "GATE_SECONDS": (1, 2, 4, 10),
}


def _scale_worker(**kwargs: Any) -> None:
    scale()


worker_init.connect(_scale_worker)
