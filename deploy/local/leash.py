"""Become a command that the kernel kills together with its parent: `leash.py <parent pid> <command> ...`.

A supervisor that is killed with SIGKILL cannot stop its parts. On Linux each part asks the kernel to do it, in
this file, which then turns into the part itself; a `preexec_fn` would run Python between fork and exec, beside
the supervisor's threads. Elsewhere the next start finds the parts in stack.json and stops them.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def leashed(command: Sequence[str]) -> list[str]:
    """The command that starts `command` bound to the life of this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(argv: list[str]) -> None:
    """Does not return."""
    parent, command = int(argv[1]), argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            sys.exit("The supervisor is gone.")
    os.execvp(command[0], command)  # noqa: S606  # a list made by the supervisor, no shell


if __name__ == "__main__":
    main(sys.argv)
