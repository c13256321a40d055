"""Runs a program with what a container of ours leaves to it: no capability, not even root's, and no way to get one.

`python tests/deploy/contained.py PROGRAM…`. So a file that nobody may write is read only for root too.
"""

import ctypes
import os
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_CAPBSET_DROP, _SET_NO_NEW_PRIVS = 24, 38
_CAPABILITIES = 64
_VERSION_3 = 0x20080522


def give_up_everything() -> None:
    """Drop every capability of this process and of all that it starts. Without any, there is nothing to drop."""
    _LIBC.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for number in range(_CAPABILITIES):
        _LIBC.prctl(_CAPBSET_DROP, number, 0, 0, 0)
    _LIBC.capset((ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)())


if __name__ == "__main__":
    give_up_everything()
    os.execvp(sys.argv[1], sys.argv[1:])
