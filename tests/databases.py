"""Databases of a test's own, beside the one of the session: empty, for what must be restored, moved or broken."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.core.cache import cache
from django.db import connection


@contextmanager
def fresh(folder: Path, name: str, *, is_migrated: bool = False) -> Iterator[dict[str, Any]]:
    """A new database of the session's kind, empty or a copy of the session's own, which nobody else may be using.

    Gives the settings with which `used` turns to it.
    """
    if connection.vendor == "sqlite":
        path = folder / f"{name}.sqlite3"
        if is_migrated:
            connection.ensure_connection()
            with closing(sqlite3.connect(path)) as target:
                connection.connection.backup(target)
        yield connection.settings_dict | {"NAME": str(path)}
        return
    connection.close()
    settings = connection.settings_dict
    server = psycopg2.connect(host=settings["HOST"], user=settings["USER"], dbname="postgres")
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            copied = f'TEMPLATE "{settings["NAME"]}"' if is_migrated else ""
            cursor.execute(f'CREATE DATABASE "{name}" {copied}')
        yield settings | {"NAME": name}
        with server.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        server.close()


@contextmanager
def used(database: dict[str, Any]) -> Iterator[None]:
    """Inside, this process works on that database, outside on the session's again."""
    former = connection.settings_dict
    connection.close()
    connection.settings_dict = database
    cache.clear()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = former
        cache.clear()


def rows(*, leave_out: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every row of every table, as text, in an order of its own."""
    with connection.cursor() as cursor:
        found = {}
        for name in sorted(set(connection.introspection.table_names(cursor)) - leave_out):
            cursor.execute(f'SELECT * FROM "{name}"')
            found[name] = sorted(map(_as_text, cursor.fetchall()))
        return found


def _as_text(row: tuple[Any, ...]) -> str:
    return str([bytes(value) if isinstance(value, memoryview) else value for value in row])
