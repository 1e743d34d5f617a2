"""The supervisor's process, from the lock to the last stop."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import process, record
from deploy.local.home import Home
from deploy.local.part import StartFailed
from deploy.local.record import PartRecord, StackRecord
from deploy.local.running import running

pytestmark = pytest.mark.stack


def test_what_a_killed_stack_left_behind_is_stopped_before_the_next_one_starts(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as other:
        leftover = PartRecord("redis", other.pid, 6390, 0, process.start_time(other.pid))
        record.write(home.stack_json, StackRecord((leftover,), "ready", 1))
        with running(home.path):
            assert record.leftovers([leftover]) == []
    log = (home.logs / "supervisor.log").read_text()
    assert log.startswith(f"redis (pid {other.pid}) was left over from a stack that was killed; stopping it")


def test_a_stack_that_cannot_start_says_which_part_and_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "home" / "redis").mkdir(parents=True)
    (tmp_path / "home" / "redis" / "appendonlydir").write_text("not a folder")
    with (
        pytest.raises(StartFailed, match=r"redis ended too early .*The end of .*redis\.log:\n"),
        running(tmp_path / "home"),
    ):
        pass
    assert record.read(tmp_path / "home" / "stack.json").state == "stopped"
