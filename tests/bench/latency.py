"""Latency at the same offered load: half of what a bare handler can do, on schedule, whatever the answers do."""

import statistics

from tests.bench.front_door import SHORT, bare, front_door, notes, problems
from tests.bench.measure import alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome
from tests.bench.room import room

_STAGE = "latency at half load"
_LOAD = 0.5
_CONNECTIONS = 128
_WARM_SECONDS = 1.0
_GOAL = 2.0


def latency(plan: Plan) -> Outcome:
    """One event a request to the front door and to the bare handler, in turn. The ratio is of p99, theirs over ours."""
    with room() as (folder, redis, _), front_door(folder, redis) as door, bare(folder) as ceiling:
        door.run(1, _CONNECTIONS, _WARM_SECONDS)
        most = statistics.median(ceiling.run(1, _CONNECTIONS, _WARM_SECONDS).rate for _ in range(3))
        runs = alternate(
            plan.rounds * SHORT,
            lambda: door.run(1, _CONNECTIONS, plan.seconds / SHORT, rate=_LOAD * most),
            lambda: ceiling.run(1, _CONNECTIONS, plan.seconds / SHORT, rate=_LOAD * most),
        )
        later = ratio(*runs, of="p99_ms")
        goal = Goal(f"p99 {later:.2f}x <= {_GOAL:g}x", later <= _GOAL)
        lines = [
            Line(_STAGE, "ingest_api", median(runs[0]), 1 / later, (goal,), spread(*runs, of="p99_ms")),
            Line(_STAGE, "ceiling: bare aiohttp handler", median(runs[1])),
        ]
        offered = f"{_STAGE}: {_LOAD * most:,.0f}/s were offered to each; the ratio is of p99."
        return Outcome(lines, [offered, *notes(_STAGE, door, ceiling)], problems(_STAGE, door, redis))
