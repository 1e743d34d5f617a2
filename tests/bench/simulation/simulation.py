"""The simulation beside reality: scenarios on real processes, each simulated with what came in and its cost then."""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from tests.bench import children, report
from tests.bench.plan import Plan
from tests.bench.report import Outcome
from tests.bench.simulation import page
from tests.bench.simulation.curves import Compared, compare, even
from tests.bench.simulation.model import Pipeline, UnitCosts
from tests.bench.simulation.rounds import Round, rounds
from tests.bench.simulation.scenario import LOSS, MAKING, SCENARIOS, Scenario
from tests.faults.servers import Warehouse
from tests.faults.stage import Stage
from tests.faults.staging import Making, staged

_STAGE = "simulation"
_EVERY = 0.1
#: runs of the simulation beside each real one: pauses are drawn by lot
_SEEDS = 20
#: as many rounds as of others: where in their rounds workers are moves the curve by a second and more
_TIMES = {LOSS: 2}
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
    """Rounds of all scenarios. With enough of them, and none disturbed, docs/scale.md is written anew."""
    return asyncio.run(_simulation(plan))


async def _simulation(plan: Plan) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        warehouse = Warehouse(Path(name) / "clickhouse")
        try:
            await warehouse.actor.start()
            async with staged(Path(name), warehouse, Making(_ENV)) as stage:
                await stage.sql("SYSTEM START MERGES")
                played = {one: await rounds(stage, one, plan.rounds * _TIMES.get(one, 1)) for one in SCENARIOS}
                problems = await _problems(stage, played)
        finally:
            await warehouse.actor.kill()
    found = {one.name: _compared(one, runs) for one, runs in played.items()}
    notes = [note for one, runs in played.items() for note in _notes(one, runs, found[one.name])]
    disturbed = _disturbed(plan, [one for runs in played.values() for one in runs])
    if disturbed or problems:
        notes.append(f"{_STAGE}: docs/scale.md was left as it is: {disturbed or 'counts are wrong'}.")
    else:
        page.write(_DOCUMENT, _where(plan), [page.row(name, one) for name, one in found.items()])
        notes.append(f"{_STAGE}: docs/scale.md was written.")
    return Outcome([], notes, problems)


def _compared(scenario: Scenario, runs: Sequence[Round]) -> Compared:
    """The simulation is given what came in and where workers were: it is not asked how well a generator keeps time."""
    measured = [even(run.played.lags, scenario.seconds, _EVERY) for run in runs]
    simulated = [_simulated(scenario, run, seed) for run in runs for seed in range(_SEEDS)]
    return compare(measured, simulated, _EVERY)


def _simulated(scenario: Scenario, run: Round, seed: int) -> list[float]:
    played = run.played
    pipeline = Pipeline(scenario, MAKING, run.costs, seed, played.arrivals, beats=played.beats)
    return [lag for _, lag, _ in pipeline.run(_EVERY)]


def _disturbed(plan: Plan, runs: Sequence[Round]) -> str:
    if plan.rounds < _ROUNDS:
        return f"{plan.rounds} rounds are too few"
    return next((one.disturbed for one in runs if one.disturbed), "")


def _notes(scenario: Scenario, runs: Sequence[Round], found: Compared) -> list[str]:
    costs = [(one.name, statistics.mean(getattr(run.costs, one.name) for run in runs)) for one in fields(UnitCosts)]
    told = ", ".join(f"{name} {value * 1000:.3g} ms" for name, value in costs)
    widest = max(run.played.widest for run in runs)
    whys = [f"{_STAGE}: {scenario.name} was disturbed: {run.disturbed}." for run in runs if run.disturbed]
    return [
        f"{_STAGE}: {page.row(scenario.name, found)}",
        f"{_STAGE}: {scenario.name}: {told}; the longest time between two looks at the lag {widest:.2f} s.",
        *whys,
    ]


async def _problems(stage: Stage, played: dict[Scenario, list[Round]]) -> list[str]:
    """Every answer was a 200, and rows are what was appended, once each."""
    failed = sum(run.played.failed for runs in played.values() for run in runs)
    problems = [f"{_STAGE}: {failed} requests were not answered with 200."] if failed else []
    appended = sum(shard.counters.get("appended", 0) for shard in await stage.progress())
    ((rows, distinct),) = await stage.sql("SELECT count(), uniqExact(event_id) FROM events")
    if (rows, distinct) != (appended, appended):
        problems.append(f"{_STAGE}: {appended} events were appended; ClickHouse has {rows} rows, {distinct} distinct.")
    return problems


def _where(plan: Plan) -> str:
    machine = report.machine()
    return f"{machine.when}, {machine.cpus} processors, {plan.rounds} rounds, {_SEEDS} simulations of each."
