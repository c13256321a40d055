"""The database, whichever it is: saved, looked at, brought back."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, cast

from django.db import connection

from ranportal.shared.keeping import postgresql, sqlite
from ranportal.shared.keeping.manifest import Manifest, Table
from ranportal.shared.refusals import Refused


class OtherDatabase(Refused):
    """A backup of PostgreSQL cannot come back into SQLite, nor the other way."""


class RowsMissing(Refused):
    """What came back is not what was saved."""


class Keeper(Protocol):
    """What each kind of database does in its own way; see `postgresql` and `sqlite`."""

    def snapshot(self) -> AbstractContextManager[None]: ...
    def save_to(self, folder: Path, *, blank: Mapping[str, str]) -> tuple[dict[str, Table], dict[str, int]]: ...
    def beside(self) -> AbstractContextManager[Callable[[], None]]: ...
    def load_from(self, folder: Path, manifest: Manifest) -> None: ...
    def skip_numbers(self, given: Mapping[str, int]) -> None: ...


def keeper() -> Keeper:
    """How this installation's database is kept."""
    return cast(Keeper, {"postgresql": postgresql, "sqlite": sqlite}[connection.vendor])


def version() -> str:
    """The version of the database, as 18.6 or 3.40.1."""
    connection.ensure_connection()
    return ".".join(map(str, connection.get_database_version()))


def refuse_other_kind(manifest: Manifest) -> None:
    """Raise OtherDatabase when the backup is of another kind of database."""
    if manifest.vendor != connection.vendor:
        raise OtherDatabase(f"The backup is of {manifest.vendor}, and DATABASE_URL names {connection.vendor}.")


def has_rows(tables: Iterable[str]) -> bool:
    """Whether one of these tables is there and not empty."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor)) & set(tables)
        for name in sorted(there):
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(name)} LIMIT 1")
            if cursor.fetchone():
                return True
    return False


def prove_rows(manifest: Manifest) -> None:
    """Count the rows of each table. Raises RowsMissing where a number differs from the manifest."""
    with connection.cursor() as cursor:
        for name, table in manifest.tables.items():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            if (found := cursor.fetchone()[0]) != table.rows:
                raise RowsMissing(f"{name} came back with {found} rows, and {table.rows} were saved.")
