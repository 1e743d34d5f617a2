"""A second worker: a backlog drained by one process and by two, and how soon shards move when one comes or goes.

ClickHouse is not to be the limit, and here it would share the processors: inserts of events are read whole in front of
it and thrown away, all else it is asked itself. What workers do is as in production.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import Install, Redis, connect
from tests import stores
from tests.appending import append
from tests.bench import children, prepared
from tests.bench.measure import Meter, Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome, noise
from tests.bench.room import room
from tests.faults.clickhouse_proxy import ClickHouseProxy, loses
from tests.waiting import until
from workers import heartbeat

_STAGE = "workers"
_SEED = 7
_GOAL, _SHARES_SECONDS = 1.6, 10.0
#: events for each that a drain of one worker finds: what two of them need to begin and end is to be little of it
_MORE = 4
#: whoever holds the leases until all workers are up, so that they begin together
_HOLDER, _HELD_MS = "the bench", 120_000
#: no lease runs out, however busy the machine: its next owner would look for the batch in ClickHouse, which keeps none
_FOR_LONG = {"HEADRACE_LEASE_SECONDS": "60"}
_WITHIN = 120.0
#: between two looks at what waits: each takes processors that the workers want
_LOOK_SECONDS = 0.1
#: characters of each worker's log that are shown where it did not come to an end
_TOLD = 3_000


def workers(plan: Plan) -> Outcome:
    """Rounds of two workers beside one; then, on an empty stream, a second one that comes and is killed."""
    problems: list[str] = []
    entries = prepared.stamped(plan.backlog * _MORE, _SEED)
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as name,
        stores.local_clickhouse(Path(name)) as engine,
        _nothing_kept(engine) as clickhouse,
    ):
        stores.migrate(engine)
        runs = alternate(
            plan.rounds,
            lambda: _drained(2, entries, clickhouse, problems),
            lambda: _drained(1, entries, clickhouse, problems),
        )
        came, went = _shares_move(clickhouse)
    raised, slowest = ratio(*runs), max(came, went)
    goals = (
        Goal(f"{raised:.2f}x >= {_GOAL:g}x", raised >= _GOAL),
        Goal(f"shares in {slowest:.1f} s <= {_SHARES_SECONDS:g} s", slowest <= _SHARES_SECONDS),
    )
    lines = [
        Line(_STAGE, "two", median(runs[0]), raised, goals, spread(*runs)),
        Line(_STAGE, "one", median(runs[1])),
    ]
    told = (
        f"{_STAGE}: a second one had its half {came:.1f} s after it was first heard of; {went:.1f} s after it was "
        f"killed the first had all."
    )
    return Outcome(lines, [told, *noise(_STAGE, runs[1])], problems)


@contextlib.contextmanager
def _nothing_kept(clickhouse: str) -> Iterator[str]:
    """Where inserts are read, answered and thrown away, in a thread of this process; all else goes to the engine."""
    real = urlsplit(clickhouse)
    proxy = ClickHouseProxy(real.port or 0)
    proxy.spoil = loses
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(_WITHIN)
        yield clickhouse.replace(f":{real.port}", f":{proxy.port}")
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(_WITHIN)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _drained(count: int, entries: Sequence[Stamped], clickhouse: str, problems: list[str]) -> Sample:
    """A new Redis with the backlog, and so many workers that begin together."""
    with room() as (folder, redis, made):
        asyncio.run(append(redis, made, entries))
        env = {"HEADRACE_REDIS_URL": redis, "HEADRACE_CLICKHOUSE_URL": clickhouse, **_FOR_LONG}
        asyncio.run(_hold(redis, made))
        with _running(count, folder, env) as pids:
            try:
                sample, stored = asyncio.run(_watched(redis, made, pids, len(entries)))
            except TimeoutError as error:
                logs = "\n".join(log.read_text()[-_TOLD:] for log in sorted(folder.glob("worker-*.log")))
                raise RuntimeError(f"{error}\n{logs}") from error
    if stored != len(entries):
        problems.append(f"{_STAGE}: {len(entries)} events were appended and {stored} were counted as stored.")
    return sample


@contextlib.contextmanager
def _running(count: int, folder: Path, env: dict[str, str]) -> Iterator[list[int]]:
    """Each on a processor of its own. Yields their pids."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                children.subject(folder / f"worker-{cpu}.log", "arq", "workers.worker.WorkerSettings", env=env, cpu=cpu)
            ).pid
            for cpu in (children.SUBJECT, children.OTHERS)[:count]
        ]


async def _hold(redis_url: str, made: Install) -> None:
    async with connect(redis_url) as redis:
        for shard in made.shards:
            await redis.set(shard.lease, _HOLDER, px=_HELD_MS)


async def _watched(redis_url: str, made: Install, pids: list[int], wanted: int) -> tuple[Sample, int]:
    """From the first lease until all is stored. Raises `TimeoutError`."""
    async with connect(redis_url) as redis:

        async def taken() -> bool:
            return any(shard.owner for shard in await read_progress(redis, made))

        async def done() -> bool:
            await asyncio.sleep(_LOOK_SECONDS)
            return not sum(shard.waiting for shard in await read_progress(redis, made))

        await until(lambda: _heard(redis, pids), within=_WITHIN)
        await redis.delete(*(shard.lease for shard in made.shards))
        await until(taken, within=_WITHIN)
        meter, began = Meter(*pids), time.perf_counter()
        await until(done, within=_WITHIN)
        seconds = time.perf_counter() - began
        return meter.sample(wanted, wanted / seconds), _stored(await read_progress(redis, made))


def _shares_move(clickhouse: str) -> tuple[float, float]:
    """Seconds until a second worker has its half, and until the first has all again after that one was killed."""
    with room() as (folder, redis, made):
        env = {"HEADRACE_REDIS_URL": redis, "HEADRACE_CLICKHOUSE_URL": clickhouse}
        with _running(1, folder, env) as (first,):
            asyncio.run(_shared(redis, made, first))
            with _running(1, folder, env) as (second,):
                came = asyncio.run(_shared(redis, made, first, second))
                os.kill(second, signal.SIGKILL)
                return came, asyncio.run(_shared(redis, made, first))


async def _shared(redis_url: str, made: Install, *pids: int) -> float:
    """Wait until each of them has its share. Returns seconds since all of them were heard of."""
    async with connect(redis_url) as redis:

        async def even() -> bool:
            owners = Counter(_pid(shard) for shard in await read_progress(redis, made))
            return owners == dict.fromkeys(pids, len(made.shards) // len(pids))

        await until(lambda: _heard(redis, pids), within=_WITHIN)
        began = time.perf_counter()
        await until(even, within=_WITHIN)
        return time.perf_counter() - began


async def _heard(redis: Redis, pids: Sequence[int]) -> bool:
    return {one.pid for one in await heartbeat.read(redis)} >= set(pids)


def _stored(shards: Sequence[ShardProgress]) -> int:
    return sum(shard.counters.get("stored", 0) for shard in shards)


def _pid(shard: ShardProgress) -> int:
    """Of its owner; 0 where nobody has it."""
    return int(shard.owner.split(":")[1]) if shard.owner else 0
