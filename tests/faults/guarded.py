"""gunicorn's configuration of the portal as it is, but without what only costs time in a fault test."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import storages


def post_worker_init(worker: Any) -> None:
    """Take away the least time that an answer takes, and file names that need collected static files."""
    settings.ANSWER_FLOOR = timedelta(0)
    storages.backends["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
