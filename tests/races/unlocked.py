"""gunicorn's configuration of a portal without its lock: what the races must catch."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connections


def post_worker_init(worker: Any) -> None:
    """Take the lock out of the loaded application, and on SQLite the mode in which its transactions start."""
    calls = apps.get_model("events", "Call").objects.select_related("event")
    import_module("registrations.services.workflow").locked = lambda call: calls.get(pk=call.pk)
    connections.settings["default"]["OPTIONS"].pop("transaction_mode", None)
