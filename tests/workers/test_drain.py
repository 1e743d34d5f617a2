"""From the stream to the table, with real stores."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import halt
from ingest_api.halt import Halt
from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis, fcall
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.waiting import until
from tests.workers.entries import event
from tests.workers.putting import put
from workers.drain import Drain
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

pytestmark = pytest.mark.stack


@pytest.fixture
async def drains(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> AsyncIterator[list[Drain]]:
    """A drain on every shard, running."""
    sink = Sink(settings.clickhouse_url, made.id, 10)
    running = []
    drains = []
    for shard in made.shards:
        epoch = await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
        drain = Drain(Source(redis, shard, epoch), sink, settings, References(redis))
        drains.append(drain)
        running.append(asyncio.ensure_future(drain.run()))
    yield drains
    for drain in drains:
        drain.stop()
    await asyncio.gather(*running)
    await sink.close()


async def test_every_event_is_stored_once_and_the_books_balance(
    drains: list[Drain], redis: Redis, redis_url: str, made: Install, warehouse: AsyncClient
) -> None:
    entries = [stamped(key=f"k{i % 900}", number=i) for i in range(1000)] + [stamped(number=i) for i in range(500)]
    await append(redis_url, made, entries, each=77)

    async def settled() -> bool:
        return all(shard.waiting == 0 for shard in await read_progress(redis, made))

    await until(settled)
    rows = (await warehouse.query("SELECT count(), uniqExact(event_id) FROM events")).result_rows
    assert tuple(rows[0]) == (1400, 1400)
    totals = [sum(shard.counters.get(name, 0) for shard in await read_progress(redis, made)) for name in
              ("appended", "duplicate", "stored", "rejected", "repeated")]  # fmt: skip
    assert totals == [1400, 100, 1400, 0, 0]
    assert all(shard.fresh_through == shard.now for shard in await read_progress(redis, made))


async def test_a_drain_that_cannot_store_says_why_and_stops_when_told(
    redis: Redis, redis_url: str, made: Install, settings: Settings
) -> None:
    shard = made.shards[0]
    epoch = await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
    sink = Sink("http://u:p@127.0.0.1:1/?database=x", made.id, 5)
    drain = Drain(Source(redis, shard, epoch), sink, settings, References(redis))
    running = asyncio.ensure_future(drain.run())
    await append(redis_url, Install(made.id, 1, made.window_ms), [stamped(number=1)])

    async def problem() -> str:
        return drain.problem

    assert (await until(problem)).startswith("ClickHouse: ")
    drain.stop()
    await running
    assert (await redis.xpending(shard.frames, "workers"))["pending"] == 1
    await sink.close()


class Halting:
    """A drain of shard 0 in which half of a batch cannot be stored."""

    def __init__(self, redis: Redis, made: Install, settings: Settings) -> None:
        self.redis, self.made, self.shard = redis, made, made.shards[0]
        self.settings = settings.model_copy(update={"breaker_events": 1, "breaker_retry_seconds": 0.2})
        self.sink = Sink(settings.clickhouse_url, made.id, 10)

    async def fill(self) -> None:
        bad = [event(number, properties=b"not json") for number in range(5)]
        await put(self.redis, self.shard, [*bad, *(event(number) for number in range(5, 10))])

    async def start(self, settings: Settings | None = None) -> tuple[Drain, "asyncio.Future[None]"]:
        await self.redis.delete(self.shard.lease)
        epoch = await fcall(self.redis, "lease", [self.shard.lease, self.shard.epoch], "me", 60_000)
        drain = Drain(
            Source(self.redis, self.shard, epoch), self.sink, settings or self.settings, References(self.redis)
        )
        return drain, asyncio.ensure_future(drain.run())

    async def said(self) -> list[Halt]:
        return await halt.read(self.redis, self.made)

    async def waiting(self) -> int:
        return int((await self.redis.xpending(self.shard.frames, "workers"))["pending"])

    async def settled(self) -> bool:
        progress = (await read_progress(self.redis, self.made))[0]
        return progress.waiting == 0 and not await self.said()


@pytest.fixture
async def halting(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> AsyncIterator[Halting]:
    """Five good events and five bad ones, and nobody drains them yet."""
    one = Halting(redis, made, settings)
    await one.fill()
    yield one
    await one.sink.close()


async def counts(warehouse: AsyncClient) -> list[int]:
    """Physical rows of events, and of rejected events."""
    return [
        int((await warehouse.query(f"SELECT count() FROM {table}")).result_rows[0][0])
        for table in ("events", "rejected_events")
    ]


async def test_a_halted_shard_says_why_keeps_everything_and_goes_on_when_an_operator_allows_it(
    halting: Halting, warehouse: AsyncClient
) -> None:
    drain, running = await halting.start()
    (told,) = await until(halting.said)
    assert "more than 2 of 10 events would be rejected" in told.reason
    assert drain.problem == f"shard 0 is halted: {told.reason}"
    await halting.fill()  # more comes, and waits
    assert (await halting.waiting(), await counts(warehouse)) == (1, [0, 0])
    await halt.allow(halting.redis, halting.shard, told, for_ms=60_000)
    await until(halting.settled)
    assert await counts(warehouse) == [10, 10]
    assert (drain.problem, await halting.waiting()) == ("", 0)
    drain.stop()
    await running


async def test_allowing_one_batch_halts_at_the_next(halting: Halting, warehouse: AsyncClient) -> None:
    drain, running = await halting.start()
    (first,) = await until(halting.said)
    await halting.fill()
    await halt.allow(halting.redis, halting.shard, first)

    async def next_one() -> bool:
        return any(one.span != first.span for one in await halting.said())

    await until(next_one)
    assert await counts(warehouse) == [5, 5]
    drain.stop()
    await running
    assert await halting.waiting() == 1
    assert await halting.said() == []


async def test_the_next_owner_of_a_halted_shard_tries_again(halting: Halting, warehouse: AsyncClient) -> None:
    drain, running = await halting.start()
    await until(halting.said)
    drain.stop()  # a deploy: this worker ends, the next one can more
    await running
    better, running = await halting.start(halting.settings.model_copy(update={"breaker_events": 100}))
    await until(halting.settled)
    assert await counts(warehouse) == [5, 5]
    better.stop()
    await running


async def test_what_is_rejected_is_counted_and_told_under_its_id(halting: Halting) -> None:
    drain, running = await halting.start(halting.settings.model_copy(update={"breaker_events": 100}))
    await until(halting.settled)
    progress = (await read_progress(halting.redis, halting.made))[0]
    assert (progress.counters["stored"], progress.counters["rejected"]) == (5, 5)
    reason = await halting.redis.hget(halting.shard.rejected, event(3).event_id.hex())  # type: ignore[misc]  # redis-py 5: awaitable or not
    assert reason == b"ClickHouse INCORRECT_DATA: Cannot parse JSON object here: not json"
    drain.stop()
    await running
