"""Starts what the tests talk to, before pytest-django reads the settings: a real PostgreSQL and a real Valkey.

Loaded as ``-p tests.services`` (pyproject.toml). TEST_DATABASE=sqlite runs on SQLite instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import processes, valkey
from tests import postgresql
from tests.faults import report

_FOLDER = pytest.StashKey[Path]()
_STOPS = pytest.StashKey[list[Any]]()

_DECIDED_BY_US = (
    "ADDRESS_KEY",
    "ALLOWED_HOSTS",
    "CACHE_URL",
    "DEBUG",
    "LOG_FORMAT",
    "MAIL_DOMAIN",
    "MASTER_KEYS",
    "MAIL_FROM",
    "METRICS_TOKEN",
    "PROMETHEUS_MULTIPROC_DIR",
    "RELEASE",
    "MEDIA_STORAGE",
    "PLAIN_HTTP",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SHOW_COMMISSION_LOGO",
    "SITE_URL",
    "TRUSTED_PROXIES",
    "TRUST_REQUEST_START",
)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the servers and point the environment at them. A wrapper runs before pytest-django's own hook."""
    # A unix socket's path has 107 bytes, and the temp folder of a test machine may be deep.
    folder = Path(tempfile.mkdtemp(prefix="ranportal-", dir=_short_temp_folder()))
    early_config.stash[_FOLDER] = folder
    early_config.stash[_STOPS] = []
    for name in _DECIDED_BY_US:
        os.environ.pop(name, None)
    try:
        os.environ |= {
            "SECRET_KEY": "for-the-tests-only-" * 4,
            # All tests are one network, and quick. Those of the guard turn both on.
            "FORM_LEAST_SECONDS": "0",
            "FORMS_PER_HOUR": "0",
            "EMAIL_URL": f"file://{folder / 'mail'}",
            "MEDIA_ROOT": str(folder / "media"),
            "PRIVATE_MEDIA_ROOT": str(folder / "private"),
            "DATABASE_URL": _database_url(early_config, folder),
            "CELERY_BROKER_URL": _broker_url(early_config, folder),
        }
    except (postgresql.ServerMissing, valkey.ServerMissing) as missing:
        _stop(early_config)
        raise pytest.UsageError(str(missing)) from missing
    try:
        return (yield)
    except BaseException:
        # When the project itself cannot be loaded, pytest never comes to pytest_unconfigure.
        _stop(early_config)
        raise


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database this run is on."""
    return f"database: {'SQLite' if _is_on_sqlite() else 'PostgreSQL'}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table of the fault suite, with a line for each of its tests that failed."""
    for failed in [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]:
        if failed.nodeid.startswith(("tests/faults/", "tests/races/")):
            report.add(fault=failed.nodeid.removeprefix("tests/"), goal="passes", reached="FAILED")
    if report.lines():
        terminalreporter.section("faults")
        terminalreporter.write_line(report.table(report.lines()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove their folder."""
    _stop(config)


def _is_on_sqlite() -> bool:
    return os.environ.get("TEST_DATABASE", "postgresql") == "sqlite"


def _short_temp_folder() -> str | None:
    return "/tmp" if Path("/tmp").is_dir() else None


def _database_url(config: pytest.Config, folder: Path) -> str:
    if _is_on_sqlite():
        return f"sqlite:///{folder / 'db.sqlite3'}"
    (folder / "pg").mkdir()
    folder.chmod(0o711)
    server = postgresql.Server(folder / "pg")
    config.stash[_STOPS].append(server.stop)
    # A test's own transaction may wait for a slow program; what it starts has the portal's options.
    return f"{server.url}?options=-c%20idle_in_transaction_session_timeout%3D0"


def _broker_url(config: pytest.Config, folder: Path) -> str:
    socket = folder / "valkey.sock"
    process = valkey.start(socket, folder, keep=False)
    config.stash[_STOPS].append(lambda: processes.stop(process))
    if not valkey.wait_until_ready(socket, process):
        raise valkey.ServerMissing(f"{valkey.find_server()} did not start.")
    return f"redis+socket://{socket}"


def _stop(config: pytest.Config) -> None:
    for stop in config.stash.get(_STOPS, []):
        stop()
    config.stash[_STOPS] = []
    if folder := config.stash.get(_FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)
