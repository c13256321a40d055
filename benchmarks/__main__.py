"""Starts what is measured (PostgreSQL, a broker, a mail server of our own) and measures on it, then on SQLite."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from dev import processes, valkey
from tests import postgresql
from tests.smtp_sink import SmtpSink


def main() -> int:
    """Measure on both databases; returns the exit code."""
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load}. Baselines are of the same run.")
    with ExitStack() as stack:
        # A unix socket's path has 107 bytes, and the temp folder of a machine may be deep.
        short = "/tmp" if Path("/tmp").is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ranportal-", dir=short)))
        try:
            environ = _services(folder, stack.callback)
            database = _postgresql(folder, stack.callback)
        except (postgresql.ServerMissing, valkey.ServerMissing) as missing:
            print(missing, file=sys.stderr)
            return 1
        return _measure(environ | {"DATABASE_URL": database}) or _measure(
            environ | {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
        )


def _services(folder: Path, at_the_end: Callable[..., object]) -> dict[str, str]:
    """Start broker and mail server; returns the environment of a portal that uses them."""
    sink = SmtpSink()
    sink.start()
    at_the_end(sink.stop)
    socket = folder / "valkey.sock"
    broker = valkey.start(socket, folder, keep=False)
    at_the_end(processes.stop, broker)
    if not valkey.wait_until_ready(socket, broker):
        raise valkey.ServerMissing(f"{valkey.find_server()} did not start.")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "CELERY_BROKER_URL": f"redis+socket://{socket}",
        "EMAIL_URL": sink.url,
        "MEDIA_ROOT": str(folder / "media"),
        "PRIVATE_MEDIA_ROOT": str(folder / "private"),
        "DJANGO_SETTINGS_MODULE": "ranportal.settings",
        "LOG_LEVEL": "ERROR",
        # What is measured is quicker than people, and one network.
        "FORM_LEAST_SECONDS": "0",
        "FORMS_PER_HOUR": "0",
    }


def _postgresql(folder: Path, at_the_end: Callable[..., object]) -> str:
    """Start a PostgreSQL with an empty database; returns its DATABASE_URL."""
    (folder / "pg").mkdir()
    folder.chmod(0o711)
    server = postgresql.Server(folder / "pg")
    at_the_end(server.stop)
    return server.url.replace("/ranportal", "/postgres")


def _measure(environ: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-m", "benchmarks.run"], env=environ).returncode


if __name__ == "__main__":
    sys.exit(main())
