"""Overwrites what a database leaves lying of deleted rows."""

from collections.abc import Iterable

from django.db import connection, models


def overwrite(emptied: Iterable[type[models.Model]]) -> None:
    """Let nothing that was deleted from these tables be read from the database; inside a transaction nothing is done.

    SQLite has overwritten deleted rows (secure_delete); here its log of writes is emptied. PostgreSQL takes the space
    back for new rows, which overwrite it.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in emptied)
            cursor.execute(f"VACUUM {tables}")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
