"""A real web server of several processes on a unix socket, and browsers that press a button at the same moment."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dev import processes

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
        self._path = path
        self._cookies = {"csrf": _CSRF, **cookies}

    def get(self, address: str) -> int:
        """The status of the answer; nothing is followed."""
        return self._ask("GET", address, None)

    def post(self, address: str, fields: dict[str, str]) -> int:
        """The status of the answer to a form with these fields."""
        return self._ask("POST", address, urlencode(fields | {"csrfmiddlewaretoken": _CSRF}))

    def _ask(self, method: str, address: str, body: str | None) -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, address, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
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
