"""gunicorn's configuration of a portal that knows no outage and trusts its connections: what the controls must see."""

from importlib import import_module
from typing import Any

from django.db import connections

from tests.faults import guarded


def post_worker_init(worker: Any) -> None:
    """Put Django's own page in the place of ours, and keep connections for ever, unasked."""
    guarded.post_worker_init(worker)
    urls = import_module("ranportal.urls")
    for name in ("handler400", "handler500"):
        # A name that is no more must not be taken away in silence.
        getattr(urls, name)
    urls.handler400 = "django.views.defaults.bad_request"
    urls.handler500 = "django.views.defaults.server_error"
    connections.settings["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
