"""While a release migrates, people go on reading: the longest wait of a reader is measured on a big database."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from tests import databases
from tests.faults import report

pytestmark = [pytest.mark.django_db(transaction=True)]

#: The migrations of the release before this one.
PREVIOUS = "0004_trace_of_reviews"
_TABLES = ("registration", "outgoingmail", "transition", "answer", "identity", "privatelink", "mailgate")


class Reader:
    """Reads one row of each table again and again, as pages do, and keeps the longest wait in seconds."""

    def __init__(self, database: dict[str, Any]) -> None:
        self.longest, self.reads, self._is_over = 0.0, 0, threading.Event()
        self._connection = psycopg2.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"])
        self._connection.autocommit = True
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._connection.close()

    def _read(self) -> None:
        with self._connection.cursor() as cursor:
            while not self._is_over.is_set():
                for table in _TABLES:
                    start = time.monotonic()
                    cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM registrations_{table} LIMIT 1) one")
                    self.longest = max(self.longest, time.monotonic() - start)
                    self.reads += 1
                self._is_over.wait(0.002)


def longest_wait(database: dict[str, Any], act: Callable[[], object]) -> tuple[float, int, float]:
    """Seconds that a reader waited at most while `act` ran, how often it read, and how long `act` took."""
    start = time.monotonic()
    with Reader(database) as reader:
        act()
    return reader.longest, reader.reads, time.monotonic() - start


def test_readers_hardly_wait_while_a_release_migrates(big, big_rows):
    with databases.used(big):
        call_command("migrate", "registrations", PREVIOUS, verbosity=0)
        waited, reads, spent = longest_wait(big, lambda: call_command("migrate", verbosity=0))
        locked, _, _ = longest_wait(big, lock_as_a_bad_migration_does)

    report.add(
        fault=f"this release's migrations over {big_rows:,} registrations while people read",
        goal="no read waits 1 s",
        reached=f"longest wait {waited * 1000:.0f} ms of {reads} reads, migrated in {spent:.1f} s; control (a lock"
        f" held for 1.2 s): {locked * 1000:.0f} ms",
    )
    assert reads > 10
    assert locked > 1
    if report.is_full():
        assert waited < 1


def lock_as_a_bad_migration_does() -> None:
    """What altering a column's type does to readers."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE registrations_outgoingmail IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT pg_sleep(1.2); COMMIT")
