"""The command line of each container runs for real: read-only code, no capabilities, and only what is declared."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg2
import pytest
from celery.beat import PersistentScheduler
from redis import Redis
from redis.exceptions import RedisError

from dev import processes, valkey
from dev.setup import ROOT
from ranportal import celery, env
from ranportal.shared import clock
from tests.architecture.house import APPS
from tests.deploy import declared

CONTAINED = [sys.executable, str(ROOT / "tests" / "deploy" / "contained.py")]
PROGRAMS = Path(sys.executable).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(holds: Callable[[], bool], what: Callable[[], str], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


class Installation:
    """One installation of the image: its code, its secrets, its servers. Starts the programs as they are declared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "portal"
        self.secrets = folder / "secrets"
        self.port = free_port()
        self._broker_port = free_port()
        self._name = f"deployed_{os.getpid()}"
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._copy_code()
        self._make_database()
        self._make_secrets()

    def _copy_code(self) -> None:
        for name in declared.let_into_the_image():
            path, copy = ROOT / name, self.code / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(path, copy)
        # Without brotli, as in the image: the tests alone bring it, and it takes its time.
        build = "import sys; sys.modules['brotli'] = None; sys.argv[1:] = ['collectstatic', '--noinput', '-v', '0']; "
        build += "import runpy; runpy.run_path('manage.py', run_name='__main__')"
        for command in (["-c", build], ["-m", "compileall", "-q", *APPS]):
            subprocess.run([sys.executable, *command], cwd=self.code, env={"DEBUG": "1"}, check=True, timeout=120)
        for path in (self.code, *self.code.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

    def _make_secrets(self) -> None:
        script = declared.DEPLOY / "make-secrets.sh"
        subprocess.run(["sh", script, self.secrets], check=True, timeout=30, capture_output=True)
        for name in ("broker_url", "cache_url"):
            self._write(
                name, (self.secrets / name).read_text().replace("broker:6379", f"127.0.0.1:{self._broker_port}")
            )
        for name, role in (("database_url", ""), ("run_time_url", "portal_web")):
            self._write(name, self._database(role))
        self._write("email_url", "smtp://127.0.0.1:9")

    def _write(self, name: str, content: str) -> None:
        (self.secrets / name).unlink(missing_ok=True)
        (self.secrets / name).write_text(content)

    def _make_database(self) -> None:
        settings = env.database(os.environ["DATABASE_URL"])
        self.has_roles = not settings["ENGINE"].endswith("sqlite3")
        if not self.has_roles:
            return
        # Closed to root without its capabilities, as the programs will run.
        Path(settings["HOST"]).chmod(0o711)
        server = psycopg2.connect(host=settings["HOST"], user=settings["USER"], dbname="postgres")
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self._name}")
            cursor.execute(f"CREATE DATABASE {self._name}")
        server.close()

    def _database(self, role: str) -> str:
        settings = env.database(os.environ["DATABASE_URL"])
        if not self.has_roles:
            return f"sqlite:///{self.folder / 'db.sqlite3'}"
        return f"postgres://{role or settings['USER']}@{settings['HOST'].replace('/', '%2F')}/{self._name}"

    def environment(self, container: declared.Container) -> dict[str, str]:
        """What the container declares, with the places of this machine instead of the container's."""
        files = {"MEDIA_ROOT": self.folder / "media", "PRIVATE_MEDIA_ROOT": self.folder / "private"}
        given = {
            name: value.replace(declared.SECRETS, str(self.secrets)) for name, value in container.environment.items()
        }
        moved = {name: str(path) for name, path in files.items() if name in given}
        return given | moved | {"PATH": f"{PROGRAMS}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self, container: declared.Container) -> list[str]:
        """Its command line, on a port and a file of this machine."""
        places = {"0.0.0.0:8000": f"127.0.0.1:{self.port}", "/tmp/beat": str(self.folder / "beat")}
        command = [places.get(part, part).replace(declared.SECRETS, str(self.secrets)) for part in container.command]
        return command if self.has_roles else [part.partition(" && ")[0] for part in command]

    def run(self, *command: str, name: str = "web") -> subprocess.CompletedProcess[str]:
        """A command inside the container of this name, until it ends."""
        environ = self.environment(declared.compose_containers()[name])
        return subprocess.run(
            [*CONTAINED, *command], cwd=self.code, env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    def start_broker(self) -> None:
        address = ["--port", str(self._broker_port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        self._start("broker", [str(valkey.find_server()), str(self.secrets / "valkey.conf"), *address], {})

        def answers() -> bool:
            try:
                return Redis.from_url((self.secrets / "broker_url").read_text()).ping()
            except RedisError:
                return False

        wait_for(answers, lambda: self.log("broker"))

    def start(self, name: str) -> None:
        """The program of this container."""
        container = declared.compose_containers()[name]
        self._start(name, [*CONTAINED, *self.command(container)], self.environment(container))

    def _start(self, name: str, command: list[str], environ: Mapping[str, str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._started[name] = processes.start(command, env=environ, log=log, folder=self.code)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def end(self, name: str, seconds: float) -> int:
        """Ask it to end; returns its exit code. Raises TimeoutExpired after so many seconds."""
        self._started[name].send_signal(signal.SIGTERM)
        return self._started[name].wait(seconds)

    def stop(self) -> None:
        for process in reversed(self._started.values()):
            processes.stop(process)

    def get(self, path: str, **headers: str) -> int:
        """The status of the answer to one who comes through the proxy."""
        said = {"Host": "events.example.org", "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"} | headers
        try:
            with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", headers=said), timeout=10) as answer:
                return answer.status
        except HTTPError as error:
            return error.code
        except OSError:
            return 0


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose broker runs and whose database is migrated, by its own command."""
    made = Installation(tmp_path_factory.mktemp("deployed"))
    try:
        made.start_broker()
        migrate = declared.compose_containers()["migrate"]
        done = made.run(*made.command(migrate), name="migrate")
        assert done.returncode == 0, done.stderr
        assert "Applying registrations.0001_initial... OK" in done.stdout
        assert ("portal_web may run the portal" in done.stdout) == made.has_roles
        yield made
    finally:
        made.stop()
        for path in (made.code, *made.code.rglob("*")):
            path.chmod(0o755)


def make_beat_late(path: Path) -> None:
    """A clock that was away for an hour: all that it starts is due at once."""
    scheduler = PersistentScheduler(celery.app, schedule_filename=str(path))
    for entry in scheduler.schedule.values():
        entry.last_run_at = clock.now() - timedelta(hours=1)
    scheduler.close()


@pytest.mark.slow
def test_web_worker_and_beat_run_as_declared_and_end_when_asked(installation):
    make_beat_late(installation.folder / "beat")
    for name in ("web", "worker", "beat"):
        installation.start(name)

    wait_for(lambda: installation.get("/healthz/web/") == 200, lambda: installation.log("web"))
    wait_for(lambda: "sweep_outbox" in installation.log("worker"), lambda: installation.log("beat"))
    assert installation.get("/") == 200
    assert "Sending due task" in installation.log("beat")
    # The three checks of health: they are command lines of the containers too.
    assert installation.run("python", "deploy/probe.py", f"http://127.0.0.1:{installation.port}").returncode == 0
    assert (
        "pong"
        in installation.run("celery", "-A", "ranportal", "inspect", "ping", "--timeout", "10", name="worker").stdout
    )
    assert (
        installation.run("sh", "-c", f"find {installation.folder} -name 'beat*' -mmin -6 | grep -q .").returncode == 0
    )

    for name, container in declared.compose_containers().items():
        if name != "migrate":
            assert installation.end(name, container.grace) == 0, installation.log(name)
    assert installation.run("python", "deploy/probe.py", f"http://127.0.0.1:{installation.port}").returncode == 1


def test_what_the_manifests_declare_passes_the_deployment_check(installation):
    for name in ("s3_access_key", "s3_secret_key"):
        installation._write(name, "key")
    environ = installation.environment(declared.kubernetes_containers()["web"])
    check = [*CONTAINED, "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(
        check, cwd=installation.code, env=environ, capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_secret_nothing_starts(installation):
    environ = installation.environment(declared.compose_containers()["web"]) | {"ADDRESS_KEY_FILE": "/nowhere"}
    command = [*CONTAINED, *installation.command(declared.compose_containers()["web"])]

    done = subprocess.run(
        command, cwd=installation.code, env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode != 0
    assert "ADDRESS_KEY_FILE names /nowhere, which cannot be read" in done.stderr


def test_the_code_cannot_be_written_from_inside_and_could_be_without_these_bounds(installation):
    touch = ["touch", str(installation.code / "ranportal" / "new")]

    assert subprocess.run([*CONTAINED, *touch], capture_output=True, check=False).returncode != 0
    if os.getuid() == 0:
        assert subprocess.run(touch, check=False).returncode == 0
        (installation.code / "ranportal" / "new").unlink()
