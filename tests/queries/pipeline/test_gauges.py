"""Gauges: what is looked at beside the books: the installation, the queue, ClickHouse, the audit's findings."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from ingest_api import moment
from ingest_api.durability import Level
from ingest_api.stream import Install, Redis, set_durability
from queries.freshness import Freshness
from queries.pipeline.gauges import Gauges
from queries.store import Store
from tests.waiting import until
from workers import audit, heartbeat
from workers.audit import Findings, Hole
from workers.heartbeat import Heartbeat

pytestmark = pytest.mark.stack


@pytest.fixture
async def gauges(redis: Redis, installed: Install, clickhouse_url: str) -> AsyncIterator[Gauges]:
    """Of an installation of two shards."""
    store = Store(clickhouse_url, 10)
    one = Gauges(redis, store, Freshness(redis))
    yield one
    await one.close()
    await store.close()


async def test_the_durability_is_the_one_that_holds_now(gauges: Gauges, redis: Redis) -> None:
    assert (await gauges.of_project("shop")).durability == "disk"
    await set_durability(redis, Level.OS)
    assert (await gauges.of_project("shop")).durability == "os"


async def test_a_redis_that_does_not_keep_the_level_is_an_alarm(gauges: Gauges, redis: Redis) -> None:
    await set_durability(redis, Level.REPLICA)

    async def lacking() -> bool:
        state = (await gauges.of_all()).redis
        return isinstance(state, msgspec.Struct) and "replica" in state.lacks

    await until(lacking)
    assert "durability" in [one.name for one in (await gauges.of_all()).alarms]


async def test_what_the_audit_misses_is_an_alarm(gauges: Gauges, redis: Redis) -> None:
    now = moment.now_ms()
    await redis.set(audit.FINDINGS, msgspec.json.encode(Findings(now, 9, [Hole(0, now - 120_000, now, 7)])))
    (alarm,) = [one for one in (await gauges.of_all()).alarms if one.name == "events_missing"]
    assert alarm.message.startswith("7 committed events are missing in ClickHouse, first in the minute ")
    assert alarm.since == moment.utc(now)


async def test_a_worker_is_as_well_as_its_container_check_finds_it(gauges: Gauges, redis: Redis) -> None:
    now = await heartbeat.redis_ms(redis)
    said = [
        Heartbeat("a:1:x", 1, "a", now, now, [0], "waiting", "ClickHouse is away", now),
        Heartbeat("a:2:x", 2, "a", now, now, [1], "stuck", "shard 1 has not moved for 99 s", now - 99_000),
        Heartbeat("b:3:x", 3, "b", now, now - 20_000, [], "draining"),
    ]
    for one in said:
        await redis.hset("headrace:workers", one.id, msgspec.json.encode(one))  # type: ignore[misc, arg-type]  # redis-py 5
    found = await gauges.of_all()
    assert isinstance(found.workers, list)
    assert [(one.pid, one.healthy) for one in found.workers] == [(1, True), (2, False), (3, False)]
    assert found.workers[0].problem == "ClickHouse is away"
    assert found.workers[2].problem.startswith("worker 3 has said nothing for 20 s")
    names = [one.name for one in found.alarms]
    assert [name for name in names if name.startswith("worker_")] == ["worker_stuck", "worker_silent", "worker_waits"]
