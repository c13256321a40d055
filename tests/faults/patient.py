"""gunicorn's configuration of a portal whose doorbell waits for the broker, each time: what a control must see."""

from importlib import import_module
from typing import Any

#: Seconds.
PATIENCE = 1.0


def post_worker_init(worker: Any) -> None:
    """Take the short time-out and the breaker away."""
    tasks = import_module("registrations.mail.tasks")
    for name, value in {"RING_TIMEOUT": PATIENCE, "SILENT_FOR": 0.0}.items():
        getattr(tasks, name)
        setattr(tasks, name, value)
