"""A leashed command is the command itself, and ends with its parent."""

import subprocess
import sys

import pytest

from deploy.local import process
from deploy.local.leash import leashed
from tests.deploy.local.small_parts import wait_until


def test_the_command_keeps_its_pid_arguments_and_exit_code() -> None:
    code = "import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(5)"
    with subprocess.Popen(leashed([sys.executable, "-c", code, "a b", "-c"]), stdout=subprocess.PIPE) as other:
        said, _ = other.communicate()
    assert said.decode() == f"{other.pid} a b -c\n"
    assert other.returncode == 5


def test_a_command_whose_parent_is_gone_does_not_start() -> None:
    command = leashed([sys.executable, "-c", "print('started')"])
    not_the_parent = [part if part != command[4] else "1" for part in command]
    done = subprocess.run(not_the_parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "") if sys.platform == "linux" else (0, "started\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_kernel_ends_it_with_its_parent() -> None:
    code = """
import subprocess, sys
from deploy.local.leash import leashed
child = subprocess.Popen(leashed([sys.executable, "-c", "import signal; print('on', flush=True); signal.pause()"]),
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        started = process.start_time(child)
        assert process.lives(child, started)
        parent.kill()
        wait_until(lambda: not process.lives(child, started))
