"""Files that people hand in, made harmless before they are stored: looked at by a program of its own.

That program reads the file in a process without secrets, with a limit of memory and time, so that a file made to break
or to swell breaks nothing but its own refusal.
"""

import subprocess
import sys
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
_REFUSED = 3

TOO_MUCH = "This file takes too long to check, or swells too much. Please save it anew in a plainer form."
UNREADABLE = "This file cannot be read. Please open it, save it anew and choose it again."


class FileRefused(Exception):
    """A file that we do not take; the message says why and what to do, fit for who chose it."""


def cleaned(content: bytes, content_type: str) -> bytes:
    """Return the file without what is active in it and without traces of who made it, where and with what.

    `content_type` is what its first bytes showed: application/pdf, image/png or image/jpeg. The same bytes give the
    same answer each time. Raises FileRefused for a file that is broken, protected, active or swells.
    """
    program = _FOLDER / _PROGRAMS[content_type]
    try:
        done = subprocess.run(  # noqa: S603  # a program of ours, by its full path, with nothing that people typed
            [sys.executable, "-s", str(program)],
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FileRefused(TOO_MUCH) from late
    if done.returncode == _REFUSED:
        raise FileRefused(done.stderr.decode("utf-8", "replace").strip() or UNREADABLE)
    if done.returncode:
        # Ended by its limits, or by a file that breaks what reads it.
        raise FileRefused(TOO_MUCH)
    return done.stdout
