"""Real Celery worker processes for tests that need one: on the test's database, broker and mail server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app
from django.conf import settings as django_settings
from django.db import connection
from kombu import Connection

from dev import processes


class Worker:
    """A running worker. Its output is in ``log``."""

    def __init__(self, folder: Path, *, concurrency: int, has_beat: bool, environ: dict[str, str], app: str) -> None:
        """Start it and wait until it answers; raises TimeoutError with its output."""
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        self.name = f"{self.log.stem}@test"
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "-n", self.name, "-l", "INFO"]
        command += ["-c", str(concurrency), "--without-gossip", "--without-mingle"]
        if has_beat:
            command += ["-B", "-s", str(folder / "beat")]
        with self.log.open("wb") as log:
            self.process: subprocess.Popen[bytes] = processes.start(command, env=environ, log=log)
        self._wait(environ["CELERY_BROKER_URL"])

    def kill(self) -> None:
        """End it and its pool with SIGKILL, in the middle of whatever it does."""
        processes.stop(self.process, seconds=0, how=signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, as a deployment does."""
        processes.stop(self.process, seconds=20)

    def _wait(self, broker: str) -> None:
        end = time.monotonic() + 60
        # Celery keeps the connections that it has made, and the broker may be another since: each ping has its own.
        control = Celery(set_as_current=False).control
        control.mailbox.producer_pool = None
        ping = partial(control.broadcast, "ping", reply=True, timeout=1, limit=1, destination=[self.name])
        while time.monotonic() < end and self.process.poll() is None:
            with Connection(broker) as line:
                if ping(connection=line):
                    return
        self.stop()
        raise TimeoutError(f"the worker did not start: {self.log.read_text()[-3000:]}")


class KeptWorker:
    """A worker that is started again when it ends, as systemd, a container engine and Kubernetes do.

    Celery's client for Valkey sometimes ends its worker when the line breaks in the middle of an answer.
    """

    def __init__(self, start: Callable[[], Worker]) -> None:
        self.restarts = 0
        self._start = start
        self._worker = start()

    def kill(self) -> None:
        """As `Worker.kill`; who looks next starts it again."""
        self._worker.kill()

    def look(self) -> None:
        """Start it again if it has ended."""
        if self._worker.process.poll() is not None:
            self._worker = self._start()
            self.restarts += 1

    def until(self, is_so: Callable[[], bool]) -> None:
        """Look after it until it is so; raises TimeoutError after two minutes."""
        end = time.monotonic() + 120
        while not is_so():
            if time.monotonic() > end:
                raise TimeoutError("not within 120 s")
            self.look()
            time.sleep(0.1)


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[Callable[..., Worker]]:
    """Starts workers, stopped at the end: ``worker(concurrency=1, has_beat=False, app="ranportal", **environ)``.

    The broker is emptied before and after. Given variables of the environment win over the test's.
    """
    started: list[Worker] = []
    _purge()

    def start(*, concurrency: int = 1, has_beat: bool = False, app: str = "ranportal", **environ: str) -> Worker:
        process = Worker(
            tmp_path, concurrency=concurrency, has_beat=has_beat, environ=environment_of_this_test() | environ, app=app
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()
    _purge()


def _purge() -> None:
    # On a connection of its own: Celery would keep one to a broker that may be of one test alone.
    with current_app.connection_for_write() as connection:
        current_app.control.purge(connection=connection)


def environment_of_this_test() -> dict[str, str]:
    """Return the environment in which a program of ours works on this test's database, broker, files and mails."""
    settings = django_settings
    folder = settings.EMAIL_FILE_PATH
    user = getattr(settings, "EMAIL_HOST_USER", "")
    signed_in = f"{user}:{settings.EMAIL_HOST_PASSWORD}@" if user else ""
    return os.environ | {
        "DATABASE_URL": _database_url(connection.settings_dict),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "PRIVATE_MEDIA_ROOT": str(settings.STORAGES["private"]["OPTIONS"]["location"]),
        "SITE_URL": settings.SITE_URL,
        "EMAIL_URL": f"file://{folder}" if folder else f"smtp://{signed_in}{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
    }


def _database_url(database: dict[str, Any]) -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    host = str(database["HOST"]).replace("/", "%2F")
    return f"postgres://{database['USER']}@{host}/{database['NAME']}"
