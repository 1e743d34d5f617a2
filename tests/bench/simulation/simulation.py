"""The simulation beside reality: scenarios on real processes, each simulated with what came in and what it costs."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import children, report
from tests.bench.plan import Plan
from tests.bench.report import Outcome
from tests.bench.simulation import page
from tests.bench.simulation.curves import Compared, compare, even
from tests.bench.simulation.model import Pipeline, UnitCosts
from tests.bench.simulation.play import Played, calibrate, play
from tests.bench.simulation.scenario import MAKING, SCENARIOS, Scenario
from tests.faults.servers import Warehouse
from tests.faults.stage import Stage
from tests.faults.staging import Making, staged

_STAGE = "simulation"
_EVERY = 0.1
#: runs of the simulation beside each real one: pauses are drawn by lot
_SEEDS = 20
#: a machine is quiet with less load than this for each processor, and no look at the lag is late by more than this
_QUIET_LOAD, _QUIET_SECONDS = 0.5, 0.5
#: below this the figures are not published
_ROUNDS = 3
_DOCUMENT = children.ROOT / "docs" / "scale.md"
_ENV = {
    "HEADRACE_SHARDS": str(MAKING.shards),
    "HEADRACE_BATCH_EVENTS": str(MAKING.batch_events),
    "HEADRACE_LINGER_MS": str(int(MAKING.linger * 1000)),
    "HEADRACE_LEASE_SECONDS": str(MAKING.lease),
    "HEADRACE_INSERT_TIMEOUT_SECONDS": "30",
}


def simulation(plan: Plan) -> Outcome:
    """Rounds of all scenarios. On a quiet machine, and with enough rounds, docs/scale.md is written anew."""
    return asyncio.run(_simulation(plan))


async def _simulation(plan: Plan) -> Outcome:
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        warehouse = Warehouse(Path(name) / "clickhouse")
        try:
            await warehouse.actor.start()
            async with staged(Path(name), warehouse, Making(_ENV)) as stage:
                await stage.sql("SYSTEM START MERGES")
                costs = await calibrate(stage)
                played = {one: [await play(stage, one) for _ in range(plan.rounds)] for one in SCENARIOS}
                problems = await _problems(stage, played)
        finally:
            await warehouse.actor.kill()
    found = {one.name: _compared(one, runs, costs) for one, runs in played.items()}
    widest = max(run.widest for runs in played.values() for run in runs)
    notes = _notes(costs, found, widest)
    disturbed = _disturbed(plan, load, widest)
    if disturbed or problems:
        notes.append(f"{_STAGE}: docs/scale.md was left as it is: {disturbed or 'counts are wrong'}.")
    else:
        page.write(_DOCUMENT, _where(plan), [page.row(name, one) for name, one in found.items()])
        notes.append(f"{_STAGE}: docs/scale.md was written.")
    return Outcome([], notes, problems)


def _compared(scenario: Scenario, runs: Sequence[Played], costs: UnitCosts) -> Compared:
    """The simulation is given what came in: how well the generator keeps time is not what it is asked."""
    measured = [even(run.lags, scenario.seconds, _EVERY) for run in runs]
    simulated = [
        [lag for _, lag, _ in Pipeline(scenario, MAKING, costs, seed, run.arrivals).run(_EVERY)]
        for run in runs
        for seed in range(_SEEDS)
    ]
    return compare(measured, simulated, _EVERY)


def _disturbed(plan: Plan, load: float, widest: float) -> str:
    if plan.rounds < _ROUNDS:
        return f"{plan.rounds} rounds are too few"
    if load > _QUIET_LOAD:
        return f"the machine was not quiet, its load was {load:.1f} a processor at the start"
    return f"a look at the lag came {widest:.1f} s late" if widest > _QUIET_SECONDS else ""


def _notes(costs: UnitCosts, found: dict[str, Compared], widest: float) -> list[str]:
    told = ", ".join(f"{name} {value * 1000:.3g} ms" for name, value in asdict(costs).items())
    rows = [f"{_STAGE}: {page.row(name, one)}" for name, one in found.items()]
    return [f"{_STAGE}: {told}; the longest time between two looks at the lag {widest:.2f} s.", *rows]


async def _problems(stage: Stage, played: dict[Scenario, list[Played]]) -> list[str]:
    """Every answer was a 200, and rows are what was appended, once each."""
    failed = sum(run.failed for runs in played.values() for run in runs)
    problems = [f"{_STAGE}: {failed} requests were not answered with 200."] if failed else []
    appended = sum(shard.counters.get("appended", 0) for shard in await stage.progress())
    ((rows, distinct),) = await stage.sql("SELECT count(), uniqExact(event_id) FROM events")
    if (rows, distinct) != (appended, appended):
        problems.append(f"{_STAGE}: {appended} events were appended; ClickHouse has {rows} rows, {distinct} distinct.")
    return problems


def _where(plan: Plan) -> str:
    machine = report.machine()
    return f"{machine.when}, {machine.cpus} processors, {plan.rounds} rounds, {_SEEDS} simulations of each."
