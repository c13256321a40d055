import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.races.web import WebServer
from tests.workers import environment_of_this_test


@pytest.fixture
def rounds() -> int:
    """How often a race is run: three times, or twenty with `make faults`."""
    return 20 if os.environ.get("FAULTS") == "full" else 3


@pytest.fixture
def web(transactional_db: None) -> Iterator[Callable[..., WebServer]]:
    """Starts web servers on this test's database: ``web(config=…)``.

    On SQLite it is the demo's server: who waits for its one writer is served in no order, so few may wait at a time.
    """
    # A unix socket's path has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ranportal-web-", dir="/tmp"))
    started: list[WebServer] = []

    workers, threads = (2, 4) if connection.vendor == "sqlite" else (3, 8)

    def start(*, config: str = "") -> WebServer:
        place = Path(tempfile.mkdtemp(dir=folder))
        server = WebServer(place, environ=environment_of_this_test(), workers=workers, threads=threads, config=config)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)
