"""gunicorn's configuration of the portal as it is, but without what only costs time in a fault test."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from tests.races import plain_pages

assert plain_pages.settings is settings


def post_worker_init(worker: Any) -> None:
    """Take away the least time that an answer takes."""
    settings.ANSWER_FLOOR = timedelta(0)
