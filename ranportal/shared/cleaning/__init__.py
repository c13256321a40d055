"""Files that people hand in, made harmless before they are stored: looked at by a program of its own.

That program reads the file in a process without secrets, with a limit of memory and time, so that a file made to break
or to swell breaks nothing but its own refusal.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Which program looks at which type of content.
_PROGRAMS: dict[str, str] = {
    "application/pdf": "pdf.py",
    "image/png": "images.py",
    "image/jpeg": "images.py",
}
_FOLDER = Path(__file__).resolve().parent
#: Seconds, after which a file is refused that a program still looks at.
PATIENCE = 20
#: So many files are looked at side by side by one process of ours, so that others of its threads stay free for pages.
AT_ONCE = 2
#: Seconds for which a file waits for its turn.
WAIT = 5.0
_REFUSED = 3
#: How a program ends that has come to its limit of time.
_STOPPED = (-signal.SIGXCPU, -signal.SIGKILL)

TOO_MUCH = "This file takes too long to check, or swells too much. Please save it anew in a plainer form."
UNREADABLE = "This file cannot be read. Please open it, save it anew and choose it again."
BUSY = (
    "Many files are being checked just now, so this one was not looked at. Please choose it again and press the button "
    "in a minute."
)

_turns = threading.BoundedSemaphore(AT_ONCE)


class FileRefused(Exception):
    """A file that we do not take; the message says why and what to do, fit for who chose it."""


def cleaned(content: bytes, content_type: str) -> bytes:
    """Return the file without what is active in it and without traces of who made it, where and with what.

    `content_type` is what its first bytes showed: application/pdf, image/png or image/jpeg. The same bytes give the
    same answer each time. Raises FileRefused for a file that is broken, protected, active or swells, and where AT_ONCE
    others are looked at and none is done within WAIT.
    """
    with _turn():
        done = _looked_at(content, _FOLDER / _PROGRAMS[content_type])
    if done.returncode == _REFUSED:
        raise FileRefused(done.stderr.decode("utf-8", "replace").strip() or UNREADABLE)
    if done.returncode in _STOPPED:
        raise FileRefused(TOO_MUCH)
    if done.returncode:
        # It broke what reads it.
        raise FileRefused(UNREADABLE)
    return done.stdout


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT):
        raise FileRefused(BUSY)
    try:
        yield
    finally:
        _turns.release()


def _looked_at(content: bytes, program: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # a program of ours, by its full path, with nothing that people typed
            [sys.executable, "-s", str(program)],
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FileRefused(TOO_MUCH) from late
