"""Sets the demo up, runs its programs, and stops them together."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Self
from urllib.error import URLError
from urllib.request import urlopen

from dev import processes, setup, valkey
from dev.programs import Program, TooManyDeaths, programs
from ranportal.demo import PASSWORD

HOST = "127.0.0.1"
READY_SECONDS = 60.0


class CannotRun(Exception):
    """The demo does not start; the message is one line for the person at the terminal."""


class Interrupted(Exception):
    """Somebody asked the demo to stop."""


def main() -> int:
    """Set up, run until Ctrl-C or SIGTERM, stop everything. Returns the exit code."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    processes.end_with_make()
    try:
        with Demo(_port(os.environ.get("PORT", "")), stopping) as demo:
            demo.run()
    except (CannotRun, TooManyDeaths, valkey.ServerMissing) as refusal:
        print(f"The demo does not run: {refusal}", file=sys.stderr, flush=True)
        return 1
    except Interrupted:
        print("\nStopped.", flush=True)
    return 0


def _port(text: str) -> int:
    if not text:
        return 8000
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotRun(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


class Demo:
    """One running demo of this checkout. Use it as a context: leaving it stops every program."""

    def __init__(self, port: int, stopping: threading.Event) -> None:
        self.address = f"http://{HOST}:{port}"
        self._port = port
        self._stopping = stopping
        self._environ = setup.environment(port)
        self._programs: list[Program] = programs(self._environ, f"{HOST}:{port}")
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self._lock = _only_one_demo()
        _refuse_busy_port(self._port)
        (setup.VAR / "log").mkdir(exist_ok=True)
        return self

    def __exit__(self, *exc: object) -> None:
        for program in reversed(self._programs):
            program.stop()
        if self._lock is not None:
            self._lock.close()

    def run(self) -> None:
        """Set up, start, tell, and keep going until asked to stop. Raises CannotRun, TooManyDeaths, Interrupted."""
        for step in setup.steps(self._environ):
            self._take(step)
        started = time.monotonic()
        for program in self._programs:
            program.start()
        self._wait_until_ready()
        _say("Broker, worker and web server", started)
        print(_welcome(self.address, self._environ), flush=True)
        while not self._stopping.wait(0.5):
            self._revive()
        raise Interrupted

    def _revive(self) -> None:
        for program in self._programs:
            if program.revive():
                print(f"The {program.name} program ended by itself and runs again.", flush=True)

    def _take(self, step: setup.Step) -> None:
        started = time.monotonic()
        if step.is_done(self._environ):
            _say(f"{step.title} (nothing new)", started)
            return
        print(f"  … {step.title}", flush=True)
        with tempfile.TemporaryFile() as output:
            process = processes.start(step.command, env=self._environ, log=output, folder=setup.ROOT)
            self._wait_for(process)
            if process.returncode != 0:
                output.seek(0)
                raise CannotRun(f"{step.title}: {_last_line(output.read())}")
        step.remember(self._environ)
        _say(step.title, started)

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            if self._stopping.wait(0.02):
                processes.stop(process)
                raise Interrupted

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while not _is_ready(self.address):
            if self._stopping.wait(0.1):
                raise Interrupted
            self._revive()
            if time.monotonic() > end:
                raise CannotRun(f"not ready after {READY_SECONDS:.0f} seconds: see {setup.VAR / 'log'}.")


def _only_one_demo() -> IO[str]:
    """Two demos in one checkout would share one database and ring one broker twice."""
    setup.VAR.mkdir(mode=0o700, exist_ok=True)
    lock = (setup.VAR / "demo.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CannotRun("it runs already in this folder. Stop the other one first.") from None
    return lock


def _refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            advice = "Stop what uses it, or choose another: make demo PORT=8001"
            raise CannotRun(f"port {port} cannot be used ({error.strerror}). {advice}") from error


def _is_ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz/ready/", timeout=5) as answer:  # noqa: S310 (an address of our own)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it failed without saying why."


def _say(title: str, started: float) -> None:
    print(f"  ✓ {title}  {time.monotonic() - started:.1f} s", flush=True)


def _welcome(address: str, environ: dict[str, str]) -> str:
    mails = environ.get("EMAIL_URL") or f"{setup.VAR / 'mail'}{os.sep}*.eml"
    return f"""
The portal runs at {address}/ and its back office at {address}/admin/.

  Sign in with the password {PASSWORD} as
    publisher@example.org    writes events, announcements and publications
    organiser@example.org    sees who applied, decides and tells them
    reviewer1@example.org, reviewer2@example.org    read applications without names
    logistics@example.org    sees what confirmed people need: rooms, food, access
    dpo@example.org          the data protection officer: rights, the access log, deletions
    admin@example.org        accounts and settings; here an organiser, too

  Mails go to {mails}
  and can be read in the back office, under Outbox. Logs are in {setup.VAR / "log"}.

Ctrl-C stops everything.
"""


if __name__ == "__main__":
    sys.exit(main())
