"""The idle stack: the memory of `make up`, all of its processes, after a minute in which nobody asked for anything."""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from deploy.local.running import RunningStack, running
from tests.bench.measure import Sample
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome

_STAGE = "idle"
_GOAL_MB = 1_500
_MB = 1_000_000


def idle(plan: Plan) -> Outcome:
    """What is shared between processes counts once, split among them (PSS; Linux alone tells it, elsewhere RSS)."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as home, running(Path(home)) as stack:
        asyncio.run(stack.until_healthy())
        time.sleep(plan.idle_seconds)
        found = _memory(stack)
    total = sum(found.values())
    sample = Sample(events=0, rate=0.0, rss_mb=total / _MB, peak_mb=total / _MB)
    told = ", ".join(f"{name} {size / _MB:,.0f}" for name, size in found.items())
    goal = Goal(f"{total / _MB:,.0f} MB <= {_GOAL_MB:,} MB", total <= _GOAL_MB * _MB)
    return Outcome([Line(_STAGE, "all processes", sample, None, (goal,))], [f"{_STAGE}: MB of memory: {told}."])


def _memory(stack: RunningStack) -> "Counter[str]":
    """Bytes of each part with its children, and of the supervisor."""
    found = Counter(supervisor=_bytes(psutil.Process(stack.supervisor.pid)))
    for part in stack.parts():
        if part.pid:
            found[part.name] += sum(map(_bytes, _family(part.pid)))
    return found


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _bytes(process: psutil.Process) -> int:
    if sys.platform != "linux":
        return int(process.memory_info().rss)
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{process.pid}/smaps_rollup has no line Pss")
