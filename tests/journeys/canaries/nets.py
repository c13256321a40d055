"""Where canaries are looked for: everything that the portal writes, as bytes, without its keys; and with them."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from kombu import Connection

from ranportal.shared.sealing import Unopened
from registrations.models import Answer, Registration
from registrations.models.call_key import KeyDestroyed
from registrations.models.sealed import SealedField, SealedRow
from registrations.services import uploads
from tests.journeys.canaries.birds import Canary, in_bytes, in_plain_bytes, in_text


class Log(logging.Handler):
    """All that is logged by anybody at any level, with what was handed over to be put in."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(f"{record.getMessage()} {record.args!r} {record.exc_text or ''}")


def in_rows() -> set[Canary]:
    """A dump of every row of every table, sealed columns as the bytes that they are."""
    found: set[Canary] = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                found |= in_bytes(b"\n".join(map(_as_bytes, row)))
    for session in Session.objects.all():
        found |= in_text(str(session.get_decoded()))
    return found


def in_database_files() -> set[Canary]:
    """The files of the database as a thief of the disk reads them: pages, free space, logs of writes."""
    found: set[Canary] = set()
    for path in _database_files():
        if path.is_file():
            found |= in_plain_bytes(path.read_bytes())
    return found


def in_broker() -> set[Canary]:
    """All that lies in the broker."""
    found: set[Canary] = set()
    with Connection(settings.CELERY_BROKER_URL) as line:
        client = line.default_channel.client
        for key in client.scan_iter():
            found |= in_bytes(bytes(key)) | in_bytes(client.dump(key) or b"")
            if client.type(key) == b"list":
                found |= in_bytes(b"\n".join(client.lrange(key, 0, -1)))
    return found


def in_cache() -> set[Canary]:
    """All that lies in the cache, and under which names."""
    kept = caches["default"]._cache  # type: ignore[attr-defined]
    return in_bytes(b"\n".join([repr(list(kept)).encode(), *map(_as_bytes, kept.values())]))


def in_folders() -> set[Canary]:
    """Files of people and of the site, and what programs leave in the temporary folder; names of files as well."""
    private = settings.STORAGES["private"]["OPTIONS"]["location"]
    return set().union(*(in_folder(Path(folder)) for folder in (settings.MEDIA_ROOT, private, tempfile.gettempdir())))


def in_folder(folder: Path) -> set[Canary]:
    """All files below this folder, and their names."""
    found: set[Canary] = set()
    for path in folder.rglob("*"):
        found |= in_text(path.name)
        if path.is_file():
            found |= in_bytes(path.read_bytes())
    return found


def with_keys() -> set[Canary]:
    """What we ourselves can read at this moment: every sealed row, opened, and every file of an answer."""
    found: set[Canary] = set()
    for model in _sealed_models():
        parts = next(one for one in model._meta.get_fields() if isinstance(one, SealedField)).parts
        for row in model._default_manager.all():
            for part in parts:
                try:
                    found |= in_text(repr(row.said(part)))
                except (KeyDestroyed, Unopened):
                    continue
            found |= _in_file(row) if isinstance(row, Answer) and row.file else set()
    return found


def is_key_there(registration: Registration) -> bool:
    """Whether what the call of this person sealed can still be opened by anybody."""
    return registration.call.key.destroyed_at is None


def _sealed_models() -> list[type[SealedRow]]:
    return list(SealedRow.__subclasses__())


def _in_file(answer: Answer) -> set[Canary]:
    with uploads.opened(answer) as opened:
        return in_bytes(opened.read())


def _database_files() -> Iterator[Path]:
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        yield from (Path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal"))
        return
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_switch_wal()")
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        own = cursor.fetchone()[0]
    for folder in (data / "base" / str(own), data / "pg_wal"):
        yield from folder.iterdir()


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    return str(value).encode()
