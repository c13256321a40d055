"""The demo's supervisor: one clear line when it cannot run, and nothing left behind when it stops."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from dev import demo, processes, setup
from dev.programs import Program, TooManyDeaths

ROOT = setup.ROOT
OURS_TO_CHOOSE = ("CELERY_BROKER_URL", "DATABASE_URL", "EMAIL_URL", "MEDIA_ROOT", "PRIVATE_MEDIA_ROOT", "SECRET_KEY")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout's files without its data, on which a demo can run beside any other."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "static" / "vendor", tmp_path / "static" / "vendor")
    return tmp_path


@pytest.fixture
def supervisor(tmp_path: Path) -> Path:
    """A copy of what the demo needs to find out that it cannot run."""
    for name in ("dev", "ranportal"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "manage.py", tmp_path)
    shutil.copytree(ROOT / "static" / "vendor", tmp_path / "static" / "vendor")
    return tmp_path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def environment(**changes: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OURS_TO_CHOOSE} | changes


def run_demo(checkout: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dev.demo"],
        cwd=checkout,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_busy_port_is_one_line(supervisor):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        done = run_demo(supervisor, PORT=str(port))
    assert done.returncode == 1
    reason = f"port {port} cannot be used (Address already in use)"
    advice = "Stop what uses it, or choose another: make demo PORT=8001"
    assert done.stderr.splitlines() == [f"The demo does not run: {reason}. {advice}"]


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_one_line(supervisor, port):
    done = run_demo(supervisor, PORT=port)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "PORT" in done.stderr


def test_a_step_that_fails_is_one_line_with_its_reason(supervisor):
    done = run_demo(supervisor, PORT=str(free_port()), DATABASE_URL="nonsense://")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "DATABASE_URL must start with" in line


@pytest.mark.slow
def test_the_demo_gets_ready_revives_what_dies_and_leaves_nothing_behind(checkout):
    port = free_port()
    with (checkout / "out").open("wb") as output:
        process = processes.start(
            [sys.executable, "-m", "dev.demo"], env=environment(PORT=str(port)), log=output, folder=checkout
        )
    try:
        wait_until_ready(port, process, checkout)
        worker = next(child for child in psutil.Process(process.pid).children() if "celery" in child.cmdline())
        worker.kill()
        wait_for(lambda: "worker program ended by itself and runs again" in (checkout / "out").read_text())
        wait_until_ready(port, process, checkout)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        processes.stop(process)


def wait_until_ready(port: int, process: subprocess.Popen[bytes], checkout: Path) -> None:
    def is_ready() -> bool:
        assert process.poll() is None, (checkout / "out").read_text()
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz/ready/", timeout=5) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    try:
        wait_for(is_ready)
    except TimeoutError:
        pytest.fail(f"not ready: {(checkout / 'out').read_text()}")


def wait_for(holds: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)


def test_children_end_when_their_starter_is_killed(tmp_path):
    start = "print(processes.start(['sleep', '60']).pid, flush=True)"
    script = f"import time; from dev import processes; {start}; time.sleep(60)"
    starter = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(starter.stdout.readline()))
    starter.kill()
    starter.communicate()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=10)


@pytest.fixture
def step(monkeypatch, tmp_path) -> Iterator[setup.Step]:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VAR", tmp_path / "var")
    (tmp_path / "var").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("one")
    (tmp_path / "result").write_text("made")
    return setup.Step("Title", "name", ["command"], inputs=("in/*",), result=tmp_path / "result")


def test_a_step_is_not_done_until_it_ended_well(step):
    assert not step.is_done({})
    step.remember({})
    assert step.is_done({})


def test_a_changed_input_makes_a_step_run_again(step, tmp_path):
    step.remember({})
    (tmp_path / "in" / "other").write_text("two")
    assert not step.is_done({})


def test_a_missing_result_makes_a_step_run_again(step, tmp_path):
    step.remember({})
    (tmp_path / "result").unlink()
    assert not step.is_done({})


def test_another_database_makes_a_step_run_again(step):
    step.remember({})
    assert not step.is_done({"DATABASE_URL": "postgres:///other"})


def test_a_program_that_dies_at_once_again_and_again_is_given_up(monkeypatch, tmp_path):
    program = Program("brief", lambda log: processes.start(["false"]))
    program.start()
    with pytest.raises(TooManyDeaths, match="brief"):
        wait_for(lambda: program.revive() and False, seconds=20)


def test_what_the_caller_set_stays(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://portal.example.org")
    assert setup.environment(8001)["SITE_URL"] == "https://portal.example.org"


def test_without_a_word_the_port_is_8000():
    assert demo._port("") == 8000
