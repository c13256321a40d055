"""What the programs that look at files have in common. They know nothing of the portal, and start without it."""

import resource
import sys
from collections.abc import Callable

REFUSED = 3
_MEMORY = 1024 * 1024 * 1024
_SECONDS = 15


class Refused(Exception):
    """What is wrong with the file, in words for who chose it."""


def run(clean: Callable[[bytes], bytes]) -> int:
    """Read a file from the standard input, write it cleaned, and return the status to end with.

    A refusal is a line on the standard error. Beyond the limits of memory and time this process ends.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = clean(sys.stdin.buffer.read())
    except Refused as refused:
        sys.stderr.write(str(refused))
        return REFUSED
    sys.stdout.buffer.write(answer)
    return 0
