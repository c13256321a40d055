"""SQLite: one file by its online backup, taken while others write; restored into a file beside, which then moves in.

The way in is the same online backup: one transaction of SQLite, so that whoever has the database open sees the old or
the new one.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from django.db import connection

from ranportal.shared.keeping.manifest import Manifest, Table
from ranportal.shared.keeping.postgresql import SKIPPED_NUMBERS

FILE = "database.sqlite3"

_PRIVATE = 0o600
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"


@contextmanager
def snapshot() -> Iterator[None]:
    """SQLite's backup is of one moment by itself."""
    yield


def save_to(folder: Path, *, blank: Mapping[str, str]) -> tuple[dict[str, Table], dict[str, int]]:
    """Write the database into `folder`; returns its tables and the last numbers given.

    `blank` names, by table, a column of bytes that is left empty.
    """
    connection.ensure_connection()
    with closing(sqlite3.connect(folder / FILE)) as target:
        cast(sqlite3.Connection, connection.connection).backup(target)
        # Without a log beside it, the file is the whole database.
        target.execute("PRAGMA journal_mode=DELETE")
        for table, column in blank.items():
            target.execute(f'UPDATE "{table}" SET "{column}" = X\'\'')
        target.commit()
        # Pages that nothing uses any more hold what stood there.
        target.execute("VACUUM")
        names = [
            name for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        tables = {name: Table(rows=target.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}
        numbers = dict(target.execute("SELECT name, seq FROM sqlite_sequence"))
    return tables, numbers


@contextmanager
def beside() -> Iterator[Callable[[], None]]:
    """Work in an empty file beside the database's; calling what it gives brings its content in, in one transaction."""
    home = Path(connection.settings_dict["NAME"])
    work = home.with_name(f"{home.name}.being-restored")
    _remove(work)
    connection.close()
    work.touch(mode=_PRIVATE)
    connection.settings_dict["NAME"] = str(work)
    try:
        yield lambda: _move_in(work, home)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(home)
        _remove(work)


def load_from(folder: Path, manifest: Manifest) -> None:
    """Fill the empty file from the backup, as it was."""
    connection.ensure_connection()
    with closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)) as source:
        source.backup(cast(sqlite3.Connection, connection.connection))
    # What was learnt about the file when it was empty no longer holds.
    connection.close()
    connection.check_constraints()


def skip_numbers(given: Mapping[str, int]) -> None:
    """Go on counting well beyond the last numbers that the backup knows."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s", [SKIPPED_NUMBERS])


def _move_in(work: Path, home: Path) -> None:
    connection.close()
    with closing(sqlite3.connect(work)) as source, closing(sqlite3.connect(home)) as target:
        home.chmod(_PRIVATE)
        source.backup(target)


def _remove(work: Path) -> None:
    for path in (work, *(work.with_name(work.name + end) for end in ("-wal", "-shm", "-journal"))):
        path.unlink(missing_ok=True)
