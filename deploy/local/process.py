"""What the operating system knows of a process: that it is still the same one, its memory, its ports."""

import os
import signal
import time
from collections.abc import Collection

import psutil  # type: ignore[import-untyped]  # it ships no types

#: start times are read through the boot time, which a clock adjustment moves
_SAME_START_SECONDS = 2.0
_POLL_SECONDS = 0.02


def start_time(pid: int) -> float:
    """When a process began, Unix seconds; 0 when it is gone."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


def lives(pid: int, started: float) -> bool:
    """Whether the process that had this pid and start time still runs; a later one of the same pid does not count."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SAME_START_SECONDS
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def memory(pid: int) -> int:
    """Resident bytes; 0 when it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def listens(pid: int, port: int) -> bool:
    """Whether this process or a child of it accepts connections on the port."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        sockets = [socket for member in family for socket in member.net_connections(kind="tcp")]
    except psutil.Error:
        return False
    return any(socket.status == psutil.CONN_LISTEN and socket.laddr.port == port for socket in sockets)


def stop(processes: Collection[tuple[int, float]], *, grace: float = 5.0) -> None:
    """End processes, given by pid and start time: SIGTERM, and SIGKILL for those that stay longer than `grace` s."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, started in processes:
            if lives(pid, started):
                os.kill(pid, number)
        deadline = time.monotonic() + grace
        while any(lives(pid, started) for pid, started in processes) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
