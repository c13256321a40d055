"""Brings the demo's data up to date: assets, database, static files, content. What did not change is not done again."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ranportal.env import socket_path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
MANAGE = [sys.executable, str(ROOT / "manage.py")]


@dataclass(frozen=True)
class Step:
    """One command. It is left out while ``inputs`` are what they were when it last ended well, and ``result`` exists.

    Without inputs it runs each time.
    """

    title: str
    name: str
    command: list[str]
    inputs: tuple[str, ...] = ()
    result: Path | None = None

    def is_done(self, env: Mapping[str, str]) -> bool:
        """Whether there is nothing to do."""
        if not self.inputs or (self.result is not None and not self.result.exists()):
            return False
        return self._stamp.exists() and self._stamp.read_text() == self._state(env)

    def remember(self, env: Mapping[str, str]) -> None:
        """Note that it ended well on the present inputs."""
        if self.inputs:
            self._stamp.parent.mkdir(exist_ok=True)
            self._stamp.write_text(self._state(env))

    @property
    def _stamp(self) -> Path:
        return VAR / "stamps" / self.name

    def _state(self, env: Mapping[str, str]) -> str:
        digest = hashlib.sha256(repr((self.command, env.get("DATABASE_URL"), self._result_id())).encode())
        for path in _files(self.inputs):
            digest.update(f"{path.relative_to(ROOT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return digest.hexdigest()

    def _result_id(self) -> int:
        """Another file in the same place was not made by this step."""
        return self.result.stat().st_ino if self.result is not None and self.result.exists() else 0


def _files(patterns: Iterable[str]) -> Iterator[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if path.suffix != ".pyc")


def steps(env: Mapping[str, str]) -> list[Step]:
    """Return what stands between a checkout with its packages and the demo, in order."""
    # What happened to a database elsewhere is not known here, so there both steps always run.
    database = None if env.get("DATABASE_URL") else VAR / "db.sqlite3"
    content = ("demo/**/*", "registrations/management/**/*.py", "registrations/services/seeding.py")
    return [
        Step(
            "Front-end assets",
            "assets",
            [sys.executable, "-m", "ranportal.ecl.assets"],
            inputs=("ranportal/ecl/assets.*",),
            result=ROOT / "static" / "vendor" / "ecl" / "styles",
        ),
        Step(
            "Database",
            "database",
            [*MANAGE, "migrate", "--verbosity", "0"],
            inputs=("*/migrations/*.py", "requirements.txt") if database else (),
            result=database,
        ),
        Step(
            "Static files",
            "static",
            [*MANAGE, "collectstatic", "--noinput", "--clear", "--verbosity", "0"],
            inputs=("static/**/*", "requirements.txt", "ranportal/settings.py"),
            result=VAR / "static" / "staticfiles.json",
        ),
        Step(
            "Events, calls and synthetic applicants",
            "content",
            [*MANAGE, "seed_demo"],
            inputs=content if database else (),
            result=database,
        ),
    ]


def environment(port: int) -> dict[str, str]:
    """Return the caller's environment with what the demo needs besides; what the caller set stays."""
    environ = {"SITE_URL": f"http://127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"} | dict(os.environ)
    if not environ.get("CELERY_BROKER_URL"):
        # Beside the broker that is started then. Without one, each process would count the public forms by itself.
        environ.setdefault("CACHE_URL", f"unix://{socket_path(ROOT, 'valkey.sock')}?db=1")
    # Without compiled files every program of the demo would compile every file at every start.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ
