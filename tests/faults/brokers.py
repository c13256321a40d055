"""A broker of one test's own, which may be killed, frozen, emptied and started again."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from redis import Redis

from dev import processes, valkey
from registrations.mail import tasks


class Broker:
    """A Valkey on a unix socket that keeps nothing: each restart forgets everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "broker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its CELERY_BROKER_URL."""
        return f"redis+socket://{self._socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = valkey.start(self._socket, self._folder, keep=False)
        assert valkey.wait_until_ready(self._socket, self._process)

    def kill(self) -> None:
        """End it with SIGKILL, as a machine does that loses power."""
        if self._process is not None:
            self.thaw()
            processes.stop(self._process, how=signal.SIGKILL)
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and never answer."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Let it forget everything."""
        with Redis(unix_socket_path=str(self._socket)) as client:
            client.flushall()

    def waiting(self) -> int:
        """How many tasks wait for a worker."""
        with Redis(unix_socket_path=str(self._socket)) as client:
            return int(client.llen("celery"))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A running broker of this test's own. Doorbells that this process rings go to it; others are told its `url`."""
    # A unix socket's path has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ranportal-broker-", dir="/tmp"))
    own = Broker(folder)
    own.start()
    conf: Any = current_app.conf
    monkeypatch.setattr(conf, "broker_write_url", own.url)
    monkeypatch.setattr(tasks, "_silent_until", 0.0)
    yield own
    own.kill()
    shutil.rmtree(folder, ignore_errors=True)
