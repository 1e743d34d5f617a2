"""A scenario on real processes: offered through the front door, broken on time, its lag read ten times a second."""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import read_install
from tests.bench.front_door import Load as Answered
from tests.bench.front_door import generate
from tests.bench.simulation.model import UnitCosts
from tests.bench.simulation.scenario import MAKING, Beats, Load, Scenario, Stretch
from tests.faults import clickhouse_proxy as proxy
from tests.faults.stage import Stage
from tests.waiting import until
from workers.heartbeat import read, redis_ms

_EVERY = 0.1
_CONNECTIONS = 16
_DRAINED_SECONDS = 120.0
#: of the two runs that tell what a batch costs: events of the backlog, seconds of the scenario's own first load
_BACKLOG, _STEADY_SECONDS = 6_000, 4.0
#: of a batch's cost: what a worker's processor takes (docs/performance.md); the rest is the insert
_PREPARE_BATCH, _PREPARE_EVENT = 0.002, 10e-6
#: before a worker is lost: how often they look after their leases is counted for so long
_BEATS_SECONDS = 3.0
#: and when it is back and at work
_SETTLED_SECONDS = 8.0


@dataclass(slots=True)
class Played:
    """What was seen, in seconds from the beginning."""

    #: (second, lag)
    lags: list[tuple[float, float]] = field(default_factory=list)
    #: (second, events that came since the one before)
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    failed: int = 0
    #: where a worker is lost: of both workers
    beats: Beats | None = None

    @property
    def widest(self) -> float:
        """The longest time without a look."""
        moments = [moment for moment, _ in self.lags]
        return max(after - before for before, after in itertools.pairwise([0.0, *moments]))


async def play(stage: Stage, scenario: Scenario) -> Played:
    """One run, and the wait until everything is stored."""
    await _ready(stage, scenario)
    await asyncio.sleep(random.uniform(0.0, 1.0))  # nobody knows where in its round a worker is
    played, began = Played(), time.monotonic()
    async with asyncio.TaskGroup() as group:
        loads = [group.create_task(_offer(stage, load, began)) for load in scenario.loads]
        group.create_task(_break(stage, scenario, played, began))
        await _watch(stage, played, scenario.seconds, began)
    stage.clickhouse.spoil = None
    played.failed = sum(load.result().failed for load in loads)
    await drained(stage)
    return played


async def calibrate(stage: Stage, scenario: Scenario) -> UnitCosts:
    """What a batch costs here, small ones at the scenario's first load and full ones of a backlog; a worker's start.

    A store that has one insert at a time is quicker than one that has four, so both are asked as the scenario does.
    """
    await stage.other_worker.stop()  # its share of the backlog would be missing
    small = await _steady(stage, scenario)
    large = await _cycle(stage, scenario)
    alone = small[0] / MAKING.shards  # one at a time; an event costs so much less then
    each = max(0.0, (large[1] - small[1]) / (large[0] - alone))
    batch = small[1] - each * alone
    stage.clickhouse.spoil = None
    began = time.monotonic()
    await stage.worker.stop()
    stopped = time.monotonic()
    await stage.worker.start()
    return UnitCosts(
        prepare_batch=_PREPARE_BATCH,
        prepare_event=_PREPARE_EVENT,
        insert_batch=max(0.0, batch - _PREPARE_BATCH),
        insert_event=max(0.0, each - _PREPARE_EVENT),
        start=time.monotonic() - max(began, stopped),
    )


async def drained(stage: Stage) -> None:
    """Wait until nothing waits."""

    async def empty() -> bool:
        return sum(shard.waiting for shard in await stage.progress()) == 0

    await until(empty, within=_DRAINED_SECONDS)


async def _steady(stage: Stage, scenario: Scenario) -> tuple[float, float]:
    """Events of a batch and seconds that it takes, most shards being idle."""
    if not stage.worker.lives:
        await stage.worker.start()
    took: list[float] = []
    before = await stage.progress()
    stage.clickhouse.spoil = _timed(scenario.insert_seconds, took)
    await _offer(stage, Load(Stretch(0, _STEADY_SECONDS), scenario.loads[0].events_per_second), time.monotonic())
    await drained(stage)
    after = await stage.progress()
    events = (_total(after, "stored") - _total(before, "stored")) / len(took)
    return events, statistics.mean(took) + _PREPARE_BATCH + events * _PREPARE_EVENT


def _timed(seconds: float, took: list[float]) -> proxy.Spoil:
    """Takes this much longer for each insert, and writes down what it would have taken."""

    async def wait(request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        began = time.monotonic()
        answer = await forward()
        took.append(time.monotonic() - began)
        return answer

    return wait


async def _cycle(stage: Stage, scenario: Scenario) -> tuple[float, float]:
    """Events of a batch and seconds from one to the next of a shard, all shards being drained."""
    await stage.worker.stop()
    stage.clickhouse.spoil = proxy.slow(scenario.insert_seconds)
    before = await stage.progress()
    rate = _BACKLOG / 2.0
    await _offer(stage, Load(Stretch(0, 2.0), rate), time.monotonic())
    await stage.worker.launch()
    first, batches = 0.0, 0
    while True:
        shards = await stage.progress()
        done = _total(shards, "batches") - _total(before, "batches")
        if done and not first:
            first, batches = time.monotonic(), done
        if not sum(shard.waiting for shard in shards):
            break
        await asyncio.sleep(0.01)
    seconds = time.monotonic() - first
    events = (_total(shards, "stored") - _total(before, "stored")) / done
    return events, seconds * len(shards) / max(1, done - batches) - scenario.insert_seconds


async def _ready(stage: Stage, scenario: Scenario) -> None:
    """As many workers as it begins with, each with its share."""
    for worker, wanted in ((stage.worker, True), (stage.other_worker, scenario.workers > 1)):
        if wanted and not worker.lives:
            await worker.start()
        elif not wanted:
            await worker.stop()

    async def shared() -> bool:
        owners = [shard.owner for shard in await stage.progress()]
        return all(owners) and len(set(owners)) == scenario.workers

    await until(shared, within=60)
    if scenario.insert_seconds:
        stage.clickhouse.spoil = proxy.slow(scenario.insert_seconds)


async def _watch(stage: Stage, played: Played, seconds: float, began: float) -> None:
    client = stage.client
    install = await read_install(client)
    before = _total(await read_progress(client, install), "appended")
    try:
        while (now := time.monotonic() - began) < seconds:
            shards = await read_progress(client, install)
            appended = _total(shards, "appended")
            played.lags.append((now, max(shard.lag_seconds for shard in shards)))
            played.arrivals.append((now, appended - before))
            before = appended
            await asyncio.sleep(_EVERY)
    finally:
        await client.aclose()


async def _offer(stage: Stage, load: Load, began: float) -> Answered:
    await _at(load.during.since, began)
    seconds = load.during.until - load.during.since
    return await asyncio.to_thread(
        lambda: generate(
            stage.door_port, stage.token, rate=load.events_per_second, connections=_CONNECTIONS,
            batch=MAKING.request, seconds=seconds, within=seconds + 60,
        )
    )  # fmt: skip


async def _break(stage: Stage, scenario: Scenario, played: Played, began: float) -> None:
    if scenario.outage is not None:
        await _at(scenario.outage.since, began)
        stage.clickhouse.spoil = proxy.refuses(210, "NETWORK_ERROR")
        await _at(scenario.outage.until, began)
        stage.clickhouse.spoil = None
    if scenario.loss is not None:
        await _at(scenario.loss.since - _BEATS_SECONDS, began)
        early = await _seen(stage, began)
        await _at(scenario.loss.since, began)
        moments = await _seen(stage, began)
        await stage.other_worker.kill()
        passed = moments[0] - early[0]
        await _at(scenario.loss.until, began)
        await stage.other_worker.launch()
        await _at(scenario.loss.until + _SETTLED_SECONDS, began)
        _, again = await _seen(stage, began)
        played.beats = Beats((*moments, again), passed / round(passed))


async def _seen(stage: Stage, began: float) -> tuple[float, ...]:
    """When each worker was heard of last, in seconds from the beginning."""
    async with stage.client as client:
        behind = await redis_ms(client) / 1000 - (time.monotonic() - began)
        seen = {one.pid: one.seen_at / 1000 - behind for one in await read(client)}
    return seen[stage.worker.pid], seen[stage.other_worker.pid]


async def _at(second: float, began: float) -> None:
    await asyncio.sleep(max(0.0, began + second - time.monotonic()))


def _total(shards: list[ShardProgress], name: str) -> int:
    return sum(shard.counters.get(name, 0) for shard in shards)
