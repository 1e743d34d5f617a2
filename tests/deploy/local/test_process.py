"""What is known of a process."""

import os
import socket
import subprocess
import sys

from deploy.local import process

_DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def test_a_process_listens_on_the_ports_it_opened() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert not process.listens(os.getpid(), port)
        listener.listen()
        assert process.listens(os.getpid(), port)


def test_nothing_is_known_of_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as other:
        other.wait()
    assert process.start_time(other.pid) == 0.0
    assert process.memory(other.pid) == 0
    assert not process.listens(other.pid, 80)
    assert not process.lives(other.pid, 0.0)


def test_a_process_that_died_and_is_not_yet_collected_does_not_live() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = process.start_time(other.pid)
        assert process.lives(other.pid, started)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not process.lives(other.pid, started)


def test_a_process_uses_memory() -> None:
    assert process.memory(os.getpid()) > 1_000_000


def test_stop_ends_also_a_process_that_ignores_sigterm() -> None:
    with subprocess.Popen([sys.executable, "-c", _DEAF], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        started = process.start_time(other.pid)
        process.stop([(other.pid, started)], grace=0.2)
        assert not process.lives(other.pid, started)


def test_stop_spares_a_later_process_of_the_same_pid() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = process.start_time(other.pid)
        process.stop([(other.pid, started - 60)])
        assert process.lives(other.pid, started)
