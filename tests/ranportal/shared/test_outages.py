"""What is an outage, and what is a fault of ours: told by what the drivers really raise."""

import errno
import os

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from redis import Redis
from redis.exceptions import RedisError

from ranportal.shared.outages import is_outage
from ranportal.shared.stores import StoreDown


@pytest.fixture
def file_database(tmp_path):
    """A SQLite database in a file, through Django's own wrapper."""
    made = []

    def make(**options):
        settings = connection.settings_dict | {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db.sqlite3"}
        wrapper = DatabaseWrapper(settings | {"OPTIONS": options}, alias="file")
        made.append(wrapper)
        return wrapper

    with make().cursor() as cursor:
        cursor.execute("CREATE TABLE kept (value text NOT NULL UNIQUE)")
    yield make
    for wrapper in made:
        wrapper.close()


def failure(wrapper, statement, *parameters):
    with pytest.raises(DatabaseError) as failed, wrapper.cursor() as cursor:
        cursor.execute(statement, parameters)
    return failed.value


INSERT = "INSERT INTO kept VALUES (%s)"


@pytest.mark.django_db
def test_a_full_sqlite_is_an_outage(file_database):
    wrapper = file_database(init_command="PRAGMA max_page_count=4")
    error = failure(wrapper, INSERT, "x" * 50_000)
    assert "full" in str(error)
    assert is_outage(error)


@pytest.mark.django_db
def test_a_sqlite_that_only_reads_is_an_outage(file_database):
    error = failure(file_database(init_command="PRAGMA query_only=ON"), INSERT, "x")
    assert "readonly" in str(error)
    assert is_outage(error)


@pytest.mark.django_db
def test_a_locked_sqlite_is_an_outage(file_database):
    with file_database().cursor() as writer:
        writer.execute("BEGIN IMMEDIATE")
        error = failure(file_database(timeout=0.01), INSERT, "x")
        writer.execute("ROLLBACK")
    assert "locked" in str(error)
    assert is_outage(error)


@pytest.mark.django_db
def test_a_sqlite_whose_folder_is_gone_is_an_outage(file_database, tmp_path):
    wrapper = file_database()
    wrapper.settings_dict["NAME"] = tmp_path / "gone" / "db.sqlite3"
    assert is_outage(failure(wrapper, "SELECT 1"))


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SELECT value FROM elsewhere", "SELEKT", "INSERT INTO kept VALUES (NULL)"])
def test_what_is_wrong_with_our_sql_is_none(file_database, statement):
    assert not is_outage(failure(file_database(), statement))


def raised_by_postgresql(code):
    block = f"DO $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '{code}'; END $$"
    with pytest.raises(DatabaseError) as failed, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(block)
    return failed.value


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["08006", "25006", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030"])
def test_what_postgresql_says_when_it_is_away_full_or_only_reads_is_an_outage(code):
    assert is_outage(raised_by_postgresql(code))


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["22001", "23505", "23514", "25P02", "42601", "42P01", "54001", "P0001", "XX001"])
def test_what_postgresql_says_of_a_fault_of_ours_is_none(code):
    assert not is_outage(raised_by_postgresql(code))


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_an_outage():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as executioner:
            executioner.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        other.close()
        with pytest.raises(OperationalError) as cut:
            cursor.execute("SELECT 1")
    with pytest.raises(InterfaceError) as after, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()
    assert (is_outage(cut.value), is_outage(after.value)) == (True, True)


@pytest.mark.django_db
def test_a_server_that_is_not_there_is_an_outage(tmp_path):
    other = connection.copy()
    other.settings_dict = other.settings_dict | {"HOST": str(tmp_path)}
    with pytest.raises(OperationalError) as failed:
        other.ensure_connection()
    assert is_outage(failed.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_takes_nothing_is_an_outage(number):
    assert is_outage(OSError(number, os.strerror(number)))


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "gone"), PermissionError(errno.EACCES, "no")])
def test_a_file_that_is_missing_or_not_ours_is_none(error):
    assert not is_outage(error)


def test_a_cache_that_is_away_is_an_outage(tmp_path):
    with pytest.raises(RedisError) as failed, Redis(unix_socket_path=str(tmp_path / "none.sock")) as client:
        client.ping()
    assert is_outage(failed.value)


def test_a_store_of_files_that_is_away_is_an_outage():
    assert is_outage(StoreDown("no answer"))


@pytest.mark.django_db
def test_an_outage_is_known_through_what_it_caused(monkeypatch):
    """Django's sessions turn any failure of their table into "deleted": a fault of the browser, it would seem."""
    session = SessionStore()
    session.create()
    monkeypatch.setattr(Session, "save", failing_save)
    with pytest.raises(UpdateError) as failed:
        session.save()
    assert is_outage(failed.value)


def failing_save(*args, **options):
    raise OperationalError("no answer")


def test_a_fault_of_ours_is_none():
    assert not is_outage(ValueError("no number"))
    assert not is_outage(IntegrityError("twice"))
    assert not is_outage(None)
