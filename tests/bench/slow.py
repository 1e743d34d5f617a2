"""Slow clients beside well-behaved ones: how much later the latter are answered."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.leash import leashed
from tests.bench import children
from tests.bench.front_door import Server, front_door
from tests.bench.measure import Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome, noise
from tests.bench.room import room

_SLOW = 500
_GOAL = 2.0


def slow(plan: Plan) -> Outcome:
    """64 connections with one event a request, beside 500 that never end their headers or their body, and alone."""
    with room() as (folder, redis, _), front_door(folder, redis) as door:
        door.run(1, 64, 1.0)
        runs = alternate(plan.rounds, lambda: _beside(door, plan.seconds), lambda: door.run(1, 64, plan.seconds))
        later = ratio(*runs, of="p99_ms")
        goal = Goal(f"p99 {later:.2f}x < {_GOAL:g}x", later < _GOAL)
        stage = f"{_SLOW} slow clients"
        lines = [
            Line(stage, "beside them", median(runs[0]), ratio(*runs), (goal,), spread(*runs)),
            Line(stage, "without them", median(runs[1])),
        ]
        failed = sum(load.failed for load in door.loads)
        problems = [f"{stage}: {failed} requests were not answered with 200."] if failed else []
        return Outcome(lines, noise(stage, runs[1]), problems)


def _beside(door: Server, seconds: float) -> Sample:
    with _dribbling(door):
        return door.run(1, 64, seconds)


@contextmanager
def _dribbling(door: Server) -> Iterator[None]:
    options = ("--port", str(door.port), "--token", door.token, "--connections", str(_SLOW))
    with children.on_cpu(children.OTHERS):
        command = leashed([sys.executable, "-m", "tests.bench.dribble", *options])
        clients = subprocess.Popen(command, cwd=children.ROOT, stdout=subprocess.PIPE)
    try:
        if clients.stdout is None or not clients.stdout.readline():
            raise RuntimeError("the slow clients could not connect")
        yield
    finally:
        clients.terminate()
        clients.communicate()
