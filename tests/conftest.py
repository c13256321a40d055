"""The suite fails loudly: a closed network, undefined template variables and skipped tests are errors."""

import random
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import factory.random
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client, override_settings
from django.utils import translation

from ranportal.shared import limits
from tests import skips
from tests.signing_in import with_proof
from tests.smtp_sink import SmtpSink
from tests.stamps import from_its_page
from tests.template_variables import undefined_variables_fail

pytest_plugins = ["tests.browser", "tests.workers", "tests.races.web"]

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class NetworkClosed(RuntimeError):
    """A test spoke to another machine."""


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """Only unix sockets and this machine itself can be reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))
        yield


def _guarded(connect: Any) -> Any:
    def guard(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in _LOOPBACK:
            raise NetworkClosed(f"a test tried to reach {address[0]}")
        return connect(self, address)

    return guard


@pytest.fixture(scope="session", autouse=True)
def quick_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without what only costs time here: slow password hashes, and file names that need collected static files."""
    plain_names = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        STORAGES=django_settings.STORAGES | {"staticfiles": plain_names},
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ANSWER_FLOOR=timedelta(0),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def forms_come_from_their_pages() -> Iterator[None]:
    """A test client that posts a public form sends the page's stamp with it, as every browser does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "post", from_its_page(Client.post))
        yield


@pytest.fixture(scope="session", autouse=True)
def who_is_signed_in_has_just_signed_in() -> Iterator[None]:
    """`force_login` leaves in the session what signing in does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "force_login", with_proof(Client.force_login))
        yield


@pytest.fixture(scope="session", autouse=True)
def flushes_pass_the_guard_of_the_access_log() -> Iterator[None]:
    """Between tests that commit, SQLite empties tables row by row, which the log's guard refuses; it is back after."""
    flush = DatabaseWrapper.ops_class.execute_sql_flush

    def unguarded(operations: Any, statements: list[str]) -> None:
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'access_log%%'")
            guards = cursor.fetchall()
            for name, _ in guards:
                cursor.execute(f"DROP TRIGGER {name}")
            flush(operations, statements)
            for _, made in guards:
                cursor.execute(made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseWrapper.ops_class, "execute_sql_flush", unguarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def undefined_template_variables() -> Iterator[None]:
    """A variable that a template of ours uses and nobody gave is an error, with its name and its template."""
    with undefined_variables_fail():
        yield


@pytest.fixture(autouse=True)
def same_start_for_each_test(settings: Any, tmp_path: Path) -> None:
    """The same random numbers, language, empty cache and own folders for files and mails."""
    random.seed(0)
    factory.random.reseed_random(0)
    translation.activate(django_settings.LANGUAGE_CODE)
    cache.clear()
    limits.ask_again()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {
        "private": settings.STORAGES["private"]
        | {"OPTIONS": settings.STORAGES["private"]["OPTIONS"] | {"location": tmp_path / "private"}}
    }
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")


@pytest.fixture
def mail_folder(settings: Any) -> Path:
    """The folder into which this test's mails are written, one ``.eml`` each, where no mail server is asked for."""
    return Path(settings.EMAIL_FILE_PATH)


@pytest.fixture
def smtp_sink(settings: Any) -> Iterator[SmtpSink]:
    """A mail server of our own to which this test's mails go (this process and the workers that it starts)."""
    sink = SmtpSink()
    sink.start()
    settings.EMAIL_FILE_PATH = None
    settings.EMAIL_HOST = sink.host
    settings.EMAIL_PORT = sink.port
    settings.EMAIL_TIMEOUT = 5
    yield sink
    sink.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that commit for real come last, and find the rows of the migrations (the roles) again.

    Each flushes them, so others that came after would find none; pytest moves the browser's tests among the others.
    """
    for item in filter(_commits, items):
        marker = item.get_closest_marker("django_db")
        # The marker says it and not the fixture of this name: where there is a marker, pytest-django's set-up reads
        # only that, and what was not copied then cannot be brought back.
        options = {**(marker.kwargs if marker else {}), "transaction": True, "serialized_rollback": True}
        item.add_marker(pytest.mark.django_db(**options), append=False)
    items.sort(key=_commits)


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    is_marked = marker is not None and bool(marker.kwargs.get("transaction") or any(marker.args[:1]))
    return is_marked or bool({"live_server", "transactional_db"} & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A skipped test fails, unless allowed_skips.txt gives a reason for it."""
    report = yield
    skips.refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file that skips itself."""
    report = yield
    skips.refuse(report)
    return report
