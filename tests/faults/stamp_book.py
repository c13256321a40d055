"""gunicorn's configuration of a portal that writes down the stamp of each numbered request: what the test compares."""

import json
import os
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from django.http import HttpRequest

from tests.faults import guarded


def post_worker_init(worker: Any) -> None:
    """Wrap the one function that stamps; what it says stays what it is."""
    guarded.post_worker_init(worker)
    middleware = import_module("ranportal.shared.middleware")
    stamped = middleware.received_at
    book = Path(os.environ["STAMP_BOOK"])

    def write_down(request: HttpRequest, *, now: datetime) -> datetime:
        stamp: datetime = stamped(request, now=now)
        if number := request.headers.get("X-Number"):
            with book.open("a") as file:
                file.write(json.dumps([int(number), stamp.isoformat()]) + "\n")
        return stamp

    middleware.received_at = write_down
