"""Databases that take no more: read-only, or full. Each fault begins, says how it was made, and ends."""

import contextlib
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.faults.own_database import Database

#: Tables that a form and a mail write to; the first rows of a form are in before the server refuses the next.
_WRITTEN = ("registrations_identity", "registrations_outgoingmail")
_REFUSAL = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""


@contextmanager
def read_only(database: Database) -> Iterator[str]:
    """The database only reads, and all sessions end, as at a switch-over; afterwards nobody ends the sessions."""
    database.order(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    database.cut_connections()
    try:
        yield "read-only, all sessions ended"
    finally:
        connection.close()
        database.order(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")


@contextmanager
def full(database: Database) -> Iterator[str]:
    """The disk under the tables is full; where none can be mounted, the server is made to say what it would say."""
    if database.disk is None:
        with _said_to_be_full(database):
            yield "error 53100 by a trigger, since nothing can be mounted here"
        return
    filler = database.disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(8192))
    try:
        yield "a disk of 48 MB under its tables, filled"
    finally:
        filler.unlink()


@contextmanager
def _said_to_be_full(database: Database) -> Iterator[None]:
    database.order(_REFUSAL, inside=True)
    for table in _WRITTEN:
        when = f"BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room()"
        database.order(f"CREATE TRIGGER no_room {when}", inside=True)
    try:
        yield
    finally:
        database.order("DROP FUNCTION no_room CASCADE", inside=True)


@contextmanager
def no_room_for_files(processes: Sequence[int], *, most: int) -> Iterator[None]:
    """The system lets these processes write no file beyond so many bytes: half of it is there, and the rest fails."""
    before = {number: resource.prlimit(number, resource.RLIMIT_FSIZE) for number in processes}
    for number, (_, hard) in before.items():
        resource.prlimit(number, resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        for number, limits in before.items():
            resource.prlimit(number, resource.RLIMIT_FSIZE, limits)


@contextmanager
def pragma(file: Path, statement: str) -> Iterator[str]:
    """On SQLite the web processes say this on each new connection (`small_disk`)."""
    file.write_text(f"PRAGMA {statement}")
    try:
        yield f"{statement} in the web processes"
    finally:
        file.unlink()
