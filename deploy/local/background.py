"""`up` and `down`: a supervisor that goes on when the terminal is closed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.local import record
from deploy.local.home import Home, HomeTaken
from deploy.local.leash import leashed
from deploy.local.part import open_log

_POLL_SECONDS = 0.05
#: the supervisor stops its parts within five seconds
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Launch:
    """A supervisor that was just started, and where in its log it began to write."""

    home: Home
    supervisor: subprocess.Popen[bytes]
    log_begin: int

    def until_ready(self, say: Callable[[str], None]) -> bool:
        """Wait until the stack is ready, saying what the supervisor says; False when it ended instead.

        So a failure shows the part that failed and the end of its log.
        """
        with (self.home.logs / "supervisor.log").open(errors="replace") as output:
            output.seek(self.log_begin)
            while True:
                ended, ready = self.supervisor.poll() is not None, self._ready()
                for line in output:
                    say(line.rstrip("\n"))
                if ended or ready:
                    return not ended
                time.sleep(_POLL_SECONDS)

    def _ready(self) -> bool:
        stack = record.read(self.home.stack_json)
        return stack.state == "ready" and stack.supervisor == self.supervisor.pid


def launch(home: Home, *, environ: Mapping[str, str] | None = None, die_with_parent: bool = False) -> Launch:
    """Start a supervisor in a session of its own. Raises `HomeTaken`."""
    home.make()
    if pid := home.holder():
        raise HomeTaken(home.path, pid)
    command = [sys.executable, "-m", "deploy.local", "supervise", "--home", str(home.path)]
    with open_log(home.logs / "supervisor.log") as output:
        begin = output.tell()
        supervisor = subprocess.Popen(
            leashed(command) if die_with_parent else command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
    return Launch(home, supervisor, begin)


def up(home: Home, say: Callable[[str], None]) -> bool:
    """Start the stack and return when it is ready; False when it failed to start."""
    started = launch(home)
    try:
        return started.until_ready(say)
    except KeyboardInterrupt:
        started.supervisor.terminate()
        started.supervisor.wait(_STOP_SECONDS)
        raise


def down(home: Home) -> bool:
    """Stop the stack and wait until every process is gone; False when none ran."""
    pid = home.holder()
    left = record.leftovers(record.read(home.stack_json).parts)
    if pid is not None:
        deadline = time.monotonic() + _STOP_SECONDS
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.kill(pid, signal.SIGTERM)
            while home.holder() == pid:
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(_POLL_SECONDS)
    record.stop(left)
    return pid is not None or bool(left)
