"""gunicorn's configuration of a portal without its lock: what the races must catch."""

import time
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connections


def post_worker_init(worker: Any) -> None:
    """Take the lock out of the loaded application, and on SQLite the mode in which its transactions start."""
    calls = apps.get_model("events", "Call").objects.select_related("event")

    def read_and_dawdle(call: Any) -> Any:
        found = calls.get(pk=call.pk)
        # Long enough for the others to read the same: what the control shows must not depend on chance.
        time.sleep(0.02)
        return found

    import_module("registrations.services.workflow").locked = read_and_dawdle
    connections.settings["default"]["OPTIONS"].pop("transaction_mode", None)
