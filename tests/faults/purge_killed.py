"""Runs a purge that is killed while it erases the third call's people: `python -m tests.faults.purge_killed MOMENT`."""

import os
import signal
import sys
from datetime import datetime
from typing import Any

import django

django.setup()

from registrations.services import privacy, purging  # noqa: E402 - only once Django is set up

_erase, _calls = privacy.erase, 0


def _erase_or_die(**how: Any) -> None:
    global _calls
    _calls += 1
    _erase(**how)
    if _calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    privacy.erase = _erase_or_die
    purging.purge_expired(now=datetime.fromisoformat(sys.argv[1]))
