"""Merges of the engine in this process: they give way to inserts and questions.

On a server the setting `os_threads_nice_value_merge_mutate` does this; the engine in a process has the setting and does
not heed it. Where all processors are busy, a merge of seconds would else hold up every insert (docs/performance.md).
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

#: what the engine calls the threads that merge
_THREADS = "MergeMutate"
#: added to the niceness of the process: beside a thread of this process they get a tenth of a processor
_NICER = 10
_TASKS = Path("/proc/self/task")
#: the engine makes those threads for its first table that merges, and keeps them
_FIRST = ("CREATE TEMPORARY TABLE first (a UInt8) ENGINE = MergeTree ORDER BY a", "DROP TEMPORARY TABLE first")


def give_way(run: Callable[[str], object]) -> None:
    """Have the threads that merge made, and lower their priority. `run` runs a statement of the engine."""
    for statement in _FIRST:
        run(statement)
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        for thread in _threads():
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, 0) + _NICER)


def _threads() -> Iterator[int]:
    for task in _TASKS.iterdir():
        if (task / "comm").read_text().strip() == _THREADS:
            yield int(task.name)
