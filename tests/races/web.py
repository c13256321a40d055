"""A real web server of several processes on a unix socket, and browsers that press a button at the same moment."""

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from dev import processes
from tests.stamps import hidden_fields
from tests.workers import environment_of_this_test

_CSRF = "c" * 32
_ANSWER_SECONDS = 60


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Browser:
    """Asks with one person's cookies; each request is a connection of its own."""

    def __init__(self, path: Path, cookies: Mapping[str, str]) -> None:
        self.headers: Mapping[str, str] = {}
        """Of the last answer."""
        self._path = path
        self._cookies = {"csrf": _CSRF, **cookies}

    def get(self, address: str) -> int:
        """The status of the answer; nothing is followed."""
        return self._ask("GET", address, None)

    def post(self, address: str, fields: dict[str, str], **headers: str) -> int:
        """The status of the answer to a form with these fields; `X_Request_Start="t=…"` adds a header."""
        return self._ask("POST", address, urlencode(self._filled(address, fields)), headers)

    def post_files(self, address: str, fields: dict[str, Any]) -> int:
        """The status of the answer to a form with these fields, of which some are files."""
        body = encode_multipart(BOUNDARY, self._filled(address, fields))
        return self._ask("POST", address, body, {"Content-Type": MULTIPART_CONTENT})

    def _filled(self, address: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """With what the page hides in its form."""
        return {"csrfmiddlewaretoken": _CSRF, **hidden_fields(address), **fields}

    def _ask(self, method: str, address: str, body: str | bytes | None, more: Mapping[str, str] | None = None) -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        headers |= {name.replace("_", "-"): value for name, value in (more or {}).items()}
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, address, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        self.headers = answer.headers
        return answer.status


class WebServer:
    """gunicorn with so many processes and threads each; its output is in `log`."""

    def __init__(self, folder: Path, *, environ: dict[str, str], workers: int, threads: int, config: str) -> None:
        """Start it and wait until it answers; raises TimeoutError with its output."""
        self.socket = folder / "web.sock"
        self.log = folder / "web.log"
        command = [sys.executable, "-m", "gunicorn", "ranportal.wsgi", "--bind", f"unix:{self.socket}"]
        command += ["--workers", str(workers), "--threads", str(threads), "--backlog", "1024"]
        command += ["--timeout", "120", "--no-control-socket", *(["--config", config] if config else [])]
        with self.log.open("wb") as log:
            self._process: subprocess.Popen[bytes] = processes.start(command, env=environ, log=log)
        self._wait()

    def browser(self, **cookies: str) -> Browser:
        """A browser that holds these cookies already."""
        return Browser(self.socket, cookies)

    def connect(self) -> http.client.HTTPConnection:
        """A connection for whoever speaks HTTP by hand."""
        return _UnixConnection(self.socket)

    @property
    def workers(self) -> list[int]:
        """The numbers of its processes, without the one that starts them anew."""
        master = self._process.pid
        return [int(number) for number in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def stop(self) -> None:
        processes.stop(self._process, seconds=5, how=signal.SIGTERM)

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if self.browser().get("/healthz/live/") == 200:
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise TimeoutError(f"the web server did not start: {self.log.read_text()[-3000:]}")


@pytest.fixture
def web(transactional_db: None) -> Iterator[Callable[..., WebServer]]:
    """Starts web servers on this test's database: ``web(config=…, **environ)``. Given variables win over the test's.

    On SQLite it is the demo's server: who waits for its one writer is served in no order, so few may wait at a time.
    """
    # A unix socket's path has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ranportal-web-", dir="/tmp"))
    started: list[WebServer] = []

    workers, threads = (2, 4) if connection.vendor == "sqlite" else (3, 8)

    def start(*, config: str = "python:tests.races.plain_pages", **environ: str) -> WebServer:
        place = Path(tempfile.mkdtemp(dir=folder))
        variables = environment_of_this_test() | environ
        server = WebServer(place, environ=variables, workers=workers, threads=threads, config=config)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all acts at the same moment, each in a thread of its own; returns what they returned, or raised."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def do(number: int) -> None:
        barrier.wait()
        try:
            results[number] = acts[number]()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
