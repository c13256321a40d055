"""gunicorn's configuration of a portal that answers as soon as it can: what a broker costs must not hide in a pause."""

from datetime import timedelta
from typing import Any

from django.conf import settings


def post_worker_init(worker: Any) -> None:
    """Take away the least time that an answer takes."""
    settings.ANSWER_FLOOR = timedelta(0)
