"""Overwrites what a database leaves lying of deleted rows."""

import logging
from collections.abc import Iterable

from django.db import OperationalError, connection, models

logger = logging.getLogger(__name__)

#: Who works with a table meanwhile goes first, and everybody would queue behind this.
_PATIENCE = "3s"
#: Tables that this role may not vacuum: PostgreSQL leaves them out with a warning that nobody reads.
_FOREIGN = """
    SELECT c.relname FROM pg_class c, pg_database d
    WHERE c.oid = to_regclass(%s) AND d.datname = current_database()
    AND NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(d.datdba, 'USAGE')
"""
_NOT_MAINTAINED = " AND NOT has_table_privilege(c.oid, 'MAINTAIN')"
#: From here on a role may be let vacuum tables that are not its own.
HAS_MAINTAIN = 170000


def overwrite(emptied: Iterable[type[models.Model]], *, written_anew: Iterable[type[models.Model]] = ()) -> list[str]:
    """Let nothing that was deleted from these tables be read from the database; inside a transaction nothing is done.

    SQLite has overwritten deleted rows (secure_delete); here its log of writes is emptied. PostgreSQL gives the space
    of `emptied` to new rows, which overwrite it with time, and writes the small tables of `written_anew` into new files
    at once. Returns the names of the tables with which that was not done, and logs them as a warning: the role may not,
    or somebody was at work with them.
    """
    if connection.in_atomic_block:
        return []
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return []
    left = [*_vacuumed("VACUUM", emptied), *_vacuumed("VACUUM FULL", written_anew)]
    if left:
        logger.warning("What was deleted lies in the files of these tables still, see RUNBOOK.md: %s", ", ".join(left))
    return left


def _vacuumed(statement: str, of: Iterable[type[models.Model]]) -> list[str]:
    """Returns the names of the tables that were left out."""
    left = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [_PATIENCE])
        try:
            for name in (model._meta.db_table for model in of):
                if _is_foreign(name):
                    left.append(name)
                    continue
                try:
                    cursor.execute(f"{statement} {connection.ops.quote_name(name)}")
                except OperationalError:
                    # Not within the time; the next night tries again.
                    left.append(name)
        finally:
            cursor.execute("RESET lock_timeout")
    return left


def _is_foreign(table: str) -> bool:
    with connection.cursor() as cursor:
        # Only PostgreSQL's connection has it, which the type of all connections does not tell.
        has_maintain = connection.pg_version >= HAS_MAINTAIN  # type: ignore[attr-defined]
        cursor.execute(_FOREIGN + (_NOT_MAINTAINED if has_maintain else ""), [connection.ops.quote_name(table)])
        return cursor.fetchone() is not None
