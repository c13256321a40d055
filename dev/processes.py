"""Child processes that never outlive the process that started them."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    log: IO[bytes] | None = None,
    folder: Path | None = None,
    as_user: str | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program and return its process; what it prints goes to ``log``, or nowhere.

    The kernel sends it ``death_signal`` when this process ends, however it ends. Call it from the main thread: the
    kernel watches the thread that called. It has a session of its own, so that Ctrl-C reaches only us.
    """
    owner: dict[str, Any] = {}
    if as_user is not None:
        owner = {"user": as_user, "group": pwd.getpwnam(as_user).pw_gid, "extra_groups": []}
    return subprocess.Popen(
        [os.fspath(part) for part in command],
        cwd=folder,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=log if log is not None else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_dies_with(os.getpid(), death_signal),
        **owner,
    )


def _dies_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def bind() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def end_with_make() -> None:
    """Ask for SIGTERM when the ``make`` that started this process ends without telling it."""
    parent = os.getppid()
    if Path(f"/proc/{parent}/comm").read_text().strip() in {"make", "gmake"}:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process: subprocess.Popen[bytes], *, seconds: float = 10, how: signal.Signals = signal.SIGTERM) -> None:
    """Ask the program to end, and after so many seconds end it with its whole session. Safe to call twice."""
    if process.poll() is None:
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    _end_session(process.pid)
    process.wait()


def _end_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
