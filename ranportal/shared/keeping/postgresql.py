"""PostgreSQL: one file a table by COPY, all from one snapshot; restored into a schema beside, which then moves in.

No client programs are needed, so that any machine which runs the portal can back it up, whatever the server's version.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from ranportal.shared.keeping import schema
from ranportal.shared.keeping.manifest import Manifest, Table

FOLDER = "database"
BESIDE = "portal_being_restored"
#: Beyond the last number that the backup knows. Numbers given after it stand in links and Message-IDs that people
#: have: whoever comes next must not get one of them.
SKIPPED_NUMBERS = 1_000_000

_LEVEL = 1
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY c.relname
"""
_COLUMNS = """
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
_FUNCTIONS = """
    SELECT quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s
"""
#: Those of another release too, which had other arguments.
_OF_THE_SAME_NAME = f"""
    {_FUNCTIONS} AND p.proname IN
        (SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s)
"""
_SEQUENCES = """
    SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')
    ORDER BY 1, 2
"""


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read inside is of one moment, and nothing is written."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # It holds no lock that anybody waits for, and files may take their time meanwhile.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def save_to(folder: Path, *, blank: Mapping[str, str]) -> tuple[dict[str, Table], dict[str, int]]:
    """Write each table into `folder`; returns the tables and the last numbers given. Call it inside `snapshot()`.

    `blank` names, by table, a column of bytes that is left empty.
    """
    (folder / FOLDER).mkdir(mode=0o700)
    tables = {}
    for name in sorted(schema.tables() & set(_tables(_present_schema()))):
        columns = _columns(name)
        with (
            gzip.open(folder / FOLDER / f"{name}.copy.gz", "wb", compresslevel=_LEVEL) as file,
            connection.cursor() as cursor,
        ):
            read = [f"''::bytea AS {_quoted(c)}" if blank.get(name) == c else _quoted(c) for c in columns]
            cursor.cursor.copy_expert(f"COPY (SELECT {', '.join(read)} FROM {_quoted(name)}) TO STDOUT", file)
            tables[name] = Table(rows=cursor.rowcount, columns=columns)
    return tables, _last_numbers()


@contextmanager
def beside() -> Iterator[Callable[[], None]]:
    """Work in an empty schema beside the portal's; calling what it gives moves all of it in, in one transaction."""
    home = _present_schema()
    _execute(f"DROP SCHEMA IF EXISTS {BESIDE} CASCADE", f"CREATE SCHEMA {BESIDE}", f"SET search_path TO {BESIDE}")
    try:
        yield lambda: _move_in(home)
    finally:
        _execute("RESET search_path", f"DROP SCHEMA IF EXISTS {BESIDE} CASCADE")


def load_from(folder: Path, manifest: Manifest) -> None:
    """Make the tables as they were (what migrations put into them goes), and fill them from the backup."""
    schema.migrate_to(manifest.migrations)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_listed(tuple(_tables(_present_schema())))}")
        for name, table in manifest.tables.items():
            with gzip.open(folder / FOLDER / f"{name}.copy.gz", "rb") as file:
                cursor.cursor.copy_expert(f"COPY {_quoted(name)} ({_listed(table.columns)}) FROM STDIN", file)
        connection.check_constraints()
    _execute("ANALYZE")


def skip_numbers(given: Mapping[str, int]) -> None:
    """Go on counting well beyond the last numbers that the backup and the rows know."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES)
        for table, column, sequence in cursor.fetchall():
            cursor.execute(f"SELECT max({_quoted(column)}) FROM {_quoted(table)}")
            last = max(cursor.fetchone()[0] or 0, given.get(f"{table}.{column}", 0))
            cursor.execute("SELECT setval(%s, %s)", [sequence, last + SKIPPED_NUMBERS])


def _move_in(home: str) -> None:
    new = _tables(BESIDE)
    old = sorted({*new, *schema.tables()} & set(_tables(home)))
    with transaction.atomic(), connection.cursor() as cursor:
        # Who holds the portal's tables for longer is not to be waited for with everybody queueing behind.
        cursor.execute("SET LOCAL lock_timeout = '30s'")
        if old:
            cursor.execute(f"DROP TABLE {', '.join(f'{_quoted(home)}.{_quoted(name)}' for name in old)}")
        for name in new:
            cursor.execute(f"ALTER TABLE {BESIDE}.{_quoted(name)} SET SCHEMA {_quoted(home)}")
        _move_functions_in(cursor, home)


def _move_functions_in(cursor: Any, home: str) -> None:
    # A trigger goes with its function: left behind, the log of looks would no longer be guarded.
    cursor.execute(_OF_THE_SAME_NAME, [home, BESIDE])
    for (function,) in cursor.fetchall():
        cursor.execute(f"DROP FUNCTION {_quoted(home)}.{function}")
    cursor.execute(_FUNCTIONS, [BESIDE])
    for (function,) in cursor.fetchall():
        cursor.execute(f"ALTER FUNCTION {BESIDE}.{function} SET SCHEMA {_quoted(home)}")
        # Temporary tables last, which otherwise come first, whoever made them.
        cursor.execute(f"ALTER FUNCTION {_quoted(home)}.{function} SET search_path TO {_quoted(home)}, pg_temp")


def _last_numbers() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES)
        numbers = {}
        for table, column, sequence in cursor.fetchall():
            cursor.execute(f"SELECT last_value FROM {sequence}")
            numbers[f"{table}.{column}"] = cursor.fetchone()[0]
    return numbers


def _present_schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def _tables(schema: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [schema])
        return [name for (name,) in cursor.fetchall()]


def _columns(table: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [_quoted(table)])
        return tuple(name for (name,) in cursor.fetchall())


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
