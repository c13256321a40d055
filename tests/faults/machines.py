"""Machines: each a checkout, folders and processes of its own, and lines to what all of them share."""

import http.client
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from dev import processes
from ranportal.settings import BASE_DIR
from tests.faults.links import Link
from tests.stamps import hidden_fields

CSRF = "c" * 32
#: Seconds after which a person, or the balancer for them, asks another machine.
PATIENCE = 6.0
#: Seconds for which a machine that gave no good answer is not asked.
REST = 10.0

_SOURCES = ("ranportal", "accounts", "events", "registrations", "templates", "static", "tests", "dev", "manage.py")


@dataclass(frozen=True)
class Answer:
    """What a web server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str]


class NoAnswer(Exception):
    """A machine did not answer, or only that it cannot now."""


class Machine:
    """One machine. Web server, worker and beat see database, broker, cache and store through its own lines."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str], links: Mapping[str, Link], web: str = "") -> None:
        """`web` is another configuration of gunicorn, a file. Nothing runs yet."""
        self.folder = folder
        self.socket = folder / "web.sock"
        self._links = links
        self._processes: list[subprocess.Popen[bytes]] = []
        self._web = web
        folder.mkdir(mode=0o700)
        self._environ = {**_without_ours(os.environ), **environ, "HOME": str(folder / "home")}
        for name, place in (("TMPDIR", "tmp"), ("MEDIA_ROOT", "media"), ("PRIVATE_MEDIA_ROOT", "private")):
            (folder / place).mkdir()
            self._environ[name] = str(folder / place)
        for source in _SOURCES:
            _copy(BASE_DIR / source, folder / "checkout" / source)

    def start(self, *, is_web_only: bool = False) -> None:
        """Start what it runs; `wait` says when the web server answers."""
        gunicorn = ["gunicorn", "ranportal.wsgi", "--bind", f"unix:{self.socket}", "--workers", "1", "--threads", "8"]
        gunicorn += ["--timeout", "120", "--backlog", "256", "--no-control-socket"]
        gunicorn += ["--config", self._web] if self._web else []
        celery = ["celery", "-A", "tests.faults.impatient", "worker", "-n", f"{uuid4().hex}@machine", "-c", "1"]
        celery += ["-l", "INFO", "--without-gossip", "--without-mingle", "-B", "-s", str(self.folder / "beat")]
        for name, command in (("web", gunicorn), ("worker", celery)):
            if name == "worker" and is_web_only:
                continue
            with (self.folder / f"{name}.log").open("wb") as log:
                process = processes.start(
                    [sys.executable, "-m", *command], env=self._environ, log=log, folder=self.folder / "checkout"
                )
            self._processes.append(process)

    def wait(self) -> None:
        """Until the web server answers; raises TimeoutError with its output."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if self.ask("GET", "/healthz/live/").status == 200:
                    return
            except NoAnswer:
                time.sleep(0.05)
        raise TimeoutError(f"no answer: {(self.folder / 'web.log').read_text()[-3000:]}")

    def ask(
        self,
        method: str,
        address: str,
        fields: Mapping[str, str] | None = None,
        *,
        cookies: Mapping[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
        patience: float = 60.0,
    ) -> Answer:
        """One request; `file` is a field's name and a PDF. Raises NoAnswer also for 5xx."""
        cookies = {"csrf": CSRF, **(cookies or {})}
        hidden = {"csrfmiddlewaretoken": cookies["csrf"], **hidden_fields(address)}
        body, kind = _encoded({**(fields or {}), **hidden}, file)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        line = _Line(self.socket, patience)
        try:
            line.request(method, address, body, {"Cookie": cookie, "Content-Type": kind, "Connection": "close"})
            answer = line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error
        finally:
            line.close()
        if answer.status >= 500:
            raise NoAnswer(str(answer.status))
        found = SimpleCookie()
        for given in answer.headers.get_all("Set-Cookie", []):
            found.load(given)
        return Answer(
            answer.status, dict(answer.headers), content, {name: morsel.value for name, morsel in found.items()}
        )

    def kill(self) -> None:
        """All at once, with SIGKILL."""
        for process in self._processes:
            processes.stop(process, seconds=0, how=signal.SIGKILL)
        self._processes.clear()

    def cut_off(self) -> None:
        """It runs on, and reaches neither database nor broker, cache or store."""
        for link in self._links.values():
            link.cut()

    def heal(self) -> None:
        for link in self._links.values():
            link.heal()

    def stop(self) -> None:
        """End it and its lines, in whatever state they are."""
        self.kill()
        for link in self._links.values():
            link.stop()


class Balancer:
    """Asks one machine after the other, and leaves one alone for a while that gave no good answer."""

    def __init__(self, machines: list[Machine]) -> None:
        self.retries = 0
        self._turns = itertools.cycle(machines)
        self._count = len(machines)
        self._resting: dict[int, float] = {}
        self._lock = threading.Lock()

    def ask(self, method: str, address: str, fields: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """The first good answer; raises NoAnswer when there is none for two minutes."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            machine = self._next()
            try:
                return machine.ask(method, address, fields, patience=PATIENCE, **more)
            except NoAnswer:
                with self._lock:
                    self.retries += 1
                    self._resting[id(machine)] = time.monotonic() + REST
        raise NoAnswer("of nobody")

    def _next(self) -> Machine:
        with self._lock:
            for _ in range(self._count):
                machine = next(self._turns)
                if self._resting.get(id(machine), 0) < time.monotonic():
                    return machine
            # One further: all turns were taken above, and the same machine would come each time.
            machine = next(self._turns)
        # Nobody is well: as a person does, before the next try.
        time.sleep(0.5)
        return machine


class _Line(http.client.HTTPConnection):
    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _encoded(fields: Mapping[str, str], file: tuple[str, bytes] | None) -> tuple[bytes, str]:
    if file is None:
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    border = uuid4().hex
    parts = [f'--{border}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{border}\r\nContent-Disposition: form-data; name="{file[0]}"; filename="a.pdf"\r\n'
    body = "".join([*parts, head, "Content-Type: application/pdf\r\n\r\n"]).encode() + file[1]
    return body + f"\r\n--{border}--\r\n".encode(), f"multipart/form-data; boundary={border}"


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Without PYTHONPATH: each machine runs the code of its own checkout."""
    return {name: value for name, value in environ.items() if name not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")}


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "vendor", "*.png"))
    else:
        shutil.copy(source, target)
