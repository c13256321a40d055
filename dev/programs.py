"""The programs of the running demo: broker, worker with its clock, web server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dev import processes, valkey
from dev.setup import ROOT, VAR
from ranportal import env as settings_env

MOST_DEATHS = 5
DEATHS_WITHIN_SECONDS = 60.0


class TooManyDeaths(Exception):
    """A program ends again and again; the message says where to read why."""


class Program:
    """One program, started again when it ends by itself."""

    def __init__(self, name: str, start: Callable[[Path], subprocess.Popen[bytes]]) -> None:
        self.name = name
        self.log = VAR / "log" / f"{name}.log"
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: list[float] = []

    def start(self) -> None:
        """Start it."""
        self._process = self._start(self.log)

    def revive(self) -> bool:
        """Start it again if it ended, and say whether it had. Raises TooManyDeaths."""
        if self._process is None or self._process.poll() is None:
            return False
        processes.stop(self._process)
        now = time.monotonic()
        self._deaths = [then for then in self._deaths if now - then < DEATHS_WITHIN_SECONDS] + [now]
        if len(self._deaths) > MOST_DEATHS:
            raise TooManyDeaths(f"The {self.name} program ends again and again: see {self.log}.")
        self.start()
        return True

    def stop(self) -> None:
        """End it and all that it started."""
        if self._process is not None:
            processes.stop(self._process)


def programs(environ: Mapping[str, str], address: str) -> list[Program]:
    """Return what is to run, in the order of starting. Without CELERY_BROKER_URL a Valkey of our own is the broker."""
    worker = [sys.executable, "-m", "celery", "-A", "ranportal", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    worker += ["--beat", "--schedule", str(VAR / "beat"), "--without-gossip", "--without-mingle"]
    web = [sys.executable, "-m", "gunicorn", "ranportal.wsgi", "--bind", address, "--workers", "2", "--threads", "4"]
    web += [
        "--config",
        "python:ranportal.web_server",
        "--preload",
        "--timeout",
        "60",
        "--graceful-timeout",
        "5",
        "--no-control-socket",
    ]
    found = [_django_program("worker", worker, environ), _django_program("web", web, environ)]
    if not environ.get("CELERY_BROKER_URL"):
        found.insert(0, Program("valkey", _start_valkey))
    return found


def _django_program(name: str, command: list[str], environ: Mapping[str, str]) -> Program:
    def start(log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return processes.start(command, env=environ, log=output, folder=ROOT)

    return Program(name, start)


def _start_valkey(log: Path) -> subprocess.Popen[bytes]:
    socket = settings_env.socket_path(ROOT, "valkey.sock")
    folder = VAR / "valkey"
    for private in (socket.parent, folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        if private.stat().st_uid != os.getuid():
            raise TooManyDeaths(f"{private} belongs to somebody else.")
    with log.open("ab") as output:
        return valkey.start(socket, folder, keep=True, log=output)
