"""stack.json and the leftovers that it names."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local import process, record
from deploy.local.record import PartRecord, StackRecord


def test_a_record_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    assert record.read(file) == StackRecord()
    written = StackRecord((PartRecord("redis", 12, 6390, 1, 2.5), PartRecord("worker", None, None, 0)), "ready", 11)
    record.write(file, written)
    assert record.read(file) == written


def test_a_leftover_is_a_process_with_the_same_start_time() -> None:
    pid, started = os.getpid(), process.start_time(os.getpid())
    me, ancestor = PartRecord("me", pid, None, 0, started), PartRecord("ancestor", pid, None, 0, started - 60)
    assert record.leftovers([me, ancestor, PartRecord("dead", None, None, 0, started)]) == [me]


def test_a_process_that_ended_is_no_leftover() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        part = PartRecord("other", other.pid, None, 0, process.start_time(other.pid))
        assert record.leftovers([part]) == [part]
        other.kill()
        other.wait()
        assert record.leftovers([part]) == []
