"""gunicorn's configuration of a portal whose SQLite takes no more while the file that SMALL_DISK names says so."""

import os
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3.base import DatabaseWrapper

from tests.faults import guarded


def post_worker_init(worker: Any) -> None:
    """Say what the file says on each new connection; there is one for each request."""
    guarded.post_worker_init(worker)
    order = Path(os.environ["SMALL_DISK"])
    connect = DatabaseWrapper.get_new_connection

    def connect_and_say(self: DatabaseWrapper, conn_params: dict[str, Any]) -> Any:
        line = connect(self, conn_params)
        if order.exists():
            line.execute(order.read_text())
        return line

    DatabaseWrapper.get_new_connection = connect_and_say
