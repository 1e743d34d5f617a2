"""From the stream to the table, with real stores."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis, fcall
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.waiting import until
from workers.drain import Drain
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
        drain = Drain(Source(redis, shard, epoch), sink, settings)
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
    drain = Drain(Source(redis, shard, epoch), sink, settings)
    running = asyncio.ensure_future(drain.run())
    await append(redis_url, Install(made.id, 1, made.window_ms), [stamped(number=1)])

    async def problem() -> str:
        return drain.problem

    assert (await until(problem)).startswith("ClickHouse: ")
    drain.stop()
    await running
    assert (await redis.xpending(shard.frames, "workers"))["pending"] == 1
    await sink.close()
