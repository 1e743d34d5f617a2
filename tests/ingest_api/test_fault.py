"""Kill points do nothing unless asked, and then exactly what was asked."""

import os
import subprocess
import sys

import pytest

from ingest_api import fault

TWICE = "from ingest_api.fault import point\nfor n in (1, 2, 3): point('other'); point('here'); print(n)"


def run(value: str | None) -> "subprocess.CompletedProcess[str]":
    env = {name: text for name, text in os.environ.items() if name != fault.VARIABLE}
    env |= {fault.VARIABLE: value} if value is not None else {}
    return subprocess.run([sys.executable, "-uc", TWICE], env=env, capture_output=True, text=True, check=False)


def test_without_the_variable_nothing_happens() -> None:
    done = run(None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n2\n3\n", "")


def test_the_process_ends_like_a_killed_one_at_the_nth_pass() -> None:
    done = run("here:2")
    assert (done.returncode, done.stdout) == (fault.KILLED, "1\n")
    assert done.stderr == "fault: here reached, pass 2\n"


def test_a_stall_blocks_once_and_the_process_goes_on() -> None:
    done = run("here:2:stall=0.01")
    assert (done.returncode, done.stdout) == (0, "1\n2\n3\n")
    assert done.stderr == "fault: here reached, pass 2\n"


@pytest.mark.parametrize("text", ["here", "here:0", "here:x", ":1", "here:1:burn", "here:1:stall=", "a:1:exit:more"])
def test_a_fault_that_cannot_be_read_stops_the_process_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="expected name:nth"):
        fault.parse(text)
    assert run(text).returncode == 1


@pytest.mark.parametrize("text", ["here:3", "here:3:exit"])
def test_ending_is_what_is_meant_when_nothing_else_is_said(text: str) -> None:
    assert fault.parse(text) == fault.Fault("here", 3, None)
