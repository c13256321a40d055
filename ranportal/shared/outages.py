"""Which failures are outages: a part that we need is away, too busy, read-only or full; the same again later is right.

Everything else is a fault of ours, and waiting does not mend it.
"""

import errno
import sqlite3
from collections.abc import Iterator

from django.db import DatabaseError, Error, InterfaceError, OperationalError
from redis.exceptions import ConnectionError as CacheAway
from redis.exceptions import TimeoutError as CacheSilent

from ranportal.shared.stores import StoreDown

#: No connection, rolled back for another's sake, no resources (a full disk), locked, shut down, trouble of the system.
_POSTGRESQL_CLASSES = ("08", "40", "53", "55", "57", "58")
#: A write in a server that only reads: a stand-by, or one whose disk is looked after.
_POSTGRESQL_READ_ONLY = "25006"
_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


def is_outage(error: BaseException | None) -> bool:
    """Whether the failure, or one that it followed, is an outage of the database, the cache, a disk or a store."""
    return any(map(_is_one, _chain(error)))


def is_disk_trouble(error: OSError) -> bool:
    """Whether a disk is full, read-only or broken."""
    return error.errno in _DISK


def _is_one(error: BaseException) -> bool:
    if isinstance(error, Error):
        return _is_of_database(error)
    if isinstance(error, OSError):
        return is_disk_trouble(error)
    return isinstance(error, StoreDown | CacheAway | CacheSilent)


def _is_of_database(error: Error) -> bool:
    """By the driver's own code; without one nobody answered, or the line broke."""
    driver = error.__cause__
    sqlite_code = getattr(driver, "sqlite_errorcode", None)
    if isinstance(driver, sqlite3.Error):
        return sqlite_code is not None and sqlite_code & 0xFF in _SQLITE
    code = getattr(driver, "pgcode", None)
    if code is not None:
        return code == _POSTGRESQL_READ_ONLY or code.startswith(_POSTGRESQL_CLASSES)
    # The driver raises the bare class when the line breaks in the middle of an answer.
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
