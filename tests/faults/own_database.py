"""A PostgreSQL server that a test may restart or fill up, with a database of its own in place of the default one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections

from tests import postgresql

_TEMPLATE = "portal"
_numbers = count(1)


@dataclass(frozen=True)
class Database:
    """The database of one test. All that is asked through Django in the test's own thread goes to it."""

    server: postgresql.Server
    name: str
    disk: Path | None = None
    """The folder of a small disk that holds its tables; None: they are where the server keeps everything."""

    def order(self, statement: str, *parameters: object, inside: bool = False) -> None:
        """Say something to the server as its superuser, outside any transaction, and outside this database or not."""
        _order(self.server, statement, *parameters, database=self.name if inside else "postgres")

    def stop(self) -> None:
        """Shut the server down at once."""
        self.server.stop()
        connection.close()

    def start(self) -> None:
        """Start the server again; back when it takes connections."""
        self.server.start()

    def cut_connections(self) -> None:
        """End all sessions of this database, as a switch-over does."""
        connection.close()
        self.order("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", self.name)


@pytest.fixture(scope="session")
def own_server(django_db_blocker: Any) -> Iterator[postgresql.Server]:
    """The server, with the portal's tables in a database to copy. What is committed is in its log before it says so."""
    folder = Path(tempfile.mkdtemp(prefix="ranportal-own-", dir="/tmp"))
    folder.chmod(0o711)
    (folder / "pg").mkdir()
    server = postgresql.Server(folder / "pg", synchronous_commit="on")
    _order(server, f"CREATE DATABASE {_TEMPLATE}")
    with django_db_blocker.unblock(), _in_place_of_the_default(server, _TEMPLATE):
        call_command("migrate", verbosity=0, interactive=False)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_database(transactional_db: None, own_server: postgresql.Server) -> Iterator[Database]:
    """A fresh database of the own server; web servers and workers that the test starts work on it too."""
    with _database(own_server, None) as database:
        yield database


@pytest.fixture
def small_database(transactional_db: None, own_server: postgresql.Server) -> Iterator[Database]:
    """The same, with its tables on a disk of 48 MB, where this machine lets us mount one."""
    folder = Path(tempfile.mkdtemp(prefix="ranportal-disk-", dir="/tmp"))
    disk = folder if _mount(folder) else None
    try:
        if disk:
            folder.chmod(0o711)
            own_server.make_folder(folder / "space")
            _order(own_server, f"CREATE TABLESPACE small LOCATION '{folder / 'space'}'")
        with _database(own_server, disk) as database:
            yield database
    finally:
        if disk:
            _order(own_server, "DROP TABLESPACE IF EXISTS small")
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder)


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    return os.getuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def _database(server: postgresql.Server, disk: Path | None) -> Iterator[Database]:
    database = Database(server, f"portal_{next(_numbers)}", disk)
    place = "TABLESPACE small" if disk else ""
    database.order(f"CREATE DATABASE {database.name} TEMPLATE {_TEMPLATE} {place}")
    try:
        with _in_place_of_the_default(server, database.name):
            yield database
    finally:
        if not server.is_running:
            server.start()
        database.order(f"DROP DATABASE {database.name} WITH (FORCE)")


@contextmanager
def _in_place_of_the_default(server: postgresql.Server, name: str) -> Iterator[None]:
    """The session's own connection is laid aside and comes back as it was."""
    ours = connections["default"]
    other = ours.copy()
    other.settings_dict |= {"HOST": str(server.folder / "socket"), "NAME": name}
    connections["default"] = other
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        other.close()
        connections["default"] = ours
        ContentType.objects.clear_cache()


def _order(server: postgresql.Server, statement: str, *parameters: object, database: str = "postgres") -> None:
    line = psycopg2.connect(host=str(server.folder / "socket"), user="postgres", dbname=database)
    line.autocommit = True
    try:
        with line.cursor() as cursor:
            cursor.execute(statement, parameters or None)
    finally:
        line.close()
