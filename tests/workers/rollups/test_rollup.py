"""Hours are rolled up whole or not at all, whoever else builds, is killed, or stores something meanwhile."""

import asyncio
import os
import sys
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import fault
from ingest_api.projects import erasures
from ingest_api.stream import Redis
from tests.workers.erasing.people import order
from tests.workers.rolling import builder, empty
from workers.clickhouse.visit import visit
from workers.rollups import rollup, upkeep
from workers.rollups.builder import Batch
from workers.rollups.rolled import DIMENSIONS, SHAPE
from workers.rollups.rollup import BATCH_HOURS, BATCH_ROWS, LOCK, Hour

pytestmark = pytest.mark.stack

HOUR = 3600
START = 1_767_279_600

#: what counts of closed hours that have not changed: project, hour -> events, visitors
_CLEAN = f"""
SELECT project, toUnixTimestamp(hour), sum(events), groupBitmapMerge(visitors) FROM rollup_hours
WHERE dimension = '' AND (project, hour, version) IN (
    SELECT project, hour, version FROM (SELECT project, hour, version, mark FROM closed_hours FINAL
        WHERE shape = {SHAPE}) AS closed
    INNER JOIN (SELECT project, hour, sum(rows) AS mark FROM hour_marks GROUP BY project, hour) AS marks
    USING (project, hour, mark))
GROUP BY project, hour"""
_RAW = """
SELECT project, toUnixTimestamp(toStartOfHour(occurred_at)) AS at, count(), uniqExactIf(visitor, visitor != '')
FROM events FINAL GROUP BY project, at"""


@pytest.fixture
async def fresh(warehouse: AsyncClient) -> AsyncClient:
    """Nothing stored, nothing rolled up."""
    await empty(warehouse)
    return warehouse


async def store(client: AsyncClient, *events: Sequence[Any], first: int = 0) -> None:
    """project, hours after the start, client id; each with an id of its own that a repetition has again."""
    columns = ["event_id", "project", "name", "occurred_at", "client_id", "properties"]
    rows = [
        [uuid.uuid5(uuid.NAMESPACE_OID, f"{one} {place}"), one[0], "page", (START + one[1] * HOUR) * 1000, one[2], "{}"]
        for place, one in enumerate(events, first)
    ]
    await client.insert("events", rows, column_names=columns)


async def figures(client: AsyncClient, text: str) -> dict[Any, Any]:
    return {tuple(row[:2]): tuple(row[2:]) for row in (await client.query(text)).result_rows}


async def exact(client: AsyncClient, hours: int) -> None:
    """So many hours are closed, and each is what its events say; numbers are one to one."""
    clean, raw = await figures(client, _CLEAN), await figures(client, _RAW)
    assert len(clean) == hours
    assert clean == {key: value for key, value in raw.items() if key in clean}
    assert await upkeep.doubted(client) == []


MIXED = [(project, hour, f"c{n % 5}") for project in ("a", "b") for hour in range(3) for n in range(9)]


async def test_an_hour_is_each_event_once_in_every_dimension(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    await store(fresh, *MIXED[:20])
    assert await builder(fresh, redis).run(60) == 6
    await exact(fresh, 6)
    sums = await fresh.query("SELECT dimension, sum(events), sum(page_views) FROM rollup_hours GROUP BY dimension")
    assert {tuple(row) for row in sums.result_rows} == {(name, 54, 54) for name in ("", *DIMENSIONS)}
    assert await builder(fresh, redis).run(60) == 0


async def test_a_late_event_and_a_repeated_one_open_their_hour_and_no_other(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    await builder(fresh, redis).run(60)
    await store(fresh, ("a", 1, "late"))
    await store(fresh, *MIXED[:1])
    await exact(fresh, 4)
    batch = await builder(fresh, redis).due()
    assert [(hour.project, hour.at, hour.mark) for hour in batch.pieces] == [
        ("a", START + HOUR, 10),
        ("a", START, 10),
    ], "the latest first"
    await builder(fresh, redis).run(60)
    await exact(fresh, 6)


CHILD = """
import asyncio, sys
from ingest_api.stream import connect
from workers.rollups.rollup import Building
from workers.clickhouse.visit import visit
async def main():
    async with visit(sys.argv[2], 60) as client:
        await Building(client, connect(sys.argv[1]), 0, 0).run(60)
asyncio.run(main())
"""


@pytest.mark.parametrize(("step", "closed"), [("numbered", 0), ("written", 0), ("closed", 6)])
async def test_killed_after_any_statement_nothing_counts_that_is_not_whole(
    fresh: AsyncClient, redis: Redis, *, redis_url: str, clickhouse_url: str, step: str, closed: int
) -> None:
    await store(fresh, *MIXED)
    environment = {**os.environ, fault.VARIABLE: f"worker.rollup_{step}:1"}
    command = (sys.executable, "-c", CHILD, redis_url, clickhouse_url)
    child = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await child.wait() == fault.KILLED
    await exact(fresh, closed)
    await store(fresh, ("b", 2, "late"))
    await builder(fresh, redis).run(60)
    await exact(fresh, 6)


async def test_several_that_build_at_once_do_no_harm(fresh: AsyncClient, redis: Redis, clickhouse_url: str) -> None:
    await store(fresh, *[(f"p{n % 4}", n % 7, f"c{n % 90}") for n in range(600)])
    async with visit(clickhouse_url, 60) as second, visit(clickhouse_url, 60) as third:
        builders = [builder(client, redis) for client in (fresh, second, third)]
        await asyncio.gather(*(one.run(60) for one in builders))
        await exact(fresh, 28)
        late = [("p1", hour, f"new{n}") for hour in range(7) for n in range(30)]
        await asyncio.gather(*(one.run(60) for one in builders), store(second, *late, first=1000))
    await builder(fresh, redis).run(60)
    await exact(fresh, 28)


async def test_what_comes_between_the_mark_and_the_rows_leaves_the_hour_open(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    one = builder(fresh, redis)
    batch = await one.due()
    await store(fresh, ("a", 0, "meanwhile"))
    await one.batch(batch)
    await exact(fresh, 5)
    await one.run(60)
    await exact(fresh, 6)


async def test_of_two_versions_the_one_whose_mark_is_right_counts_whichever_was_closed_last(
    fresh: AsyncClient, redis: Redis
) -> None:
    await store(fresh, *MIXED)
    slow, quick = builder(fresh, redis), builder(fresh, redis)
    early = await slow.due()
    await store(fresh, ("a", 0, "meanwhile"))
    late = await quick.due()
    await quick.batch(late)
    await exact(fresh, 6)
    await slow.batch(early)
    await exact(fresh, 6)
    await slow.batch(late)
    await exact(fresh, 6)


async def test_a_builder_that_was_held_up_for_minutes_closes_nothing(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    one = builder(fresh, redis)
    batch = await one.due()
    await one.batch(batch._replace(read_ms=batch.read_ms - 300_001))
    await exact(fresh, 0)
    await one.batch(await one.due())
    await exact(fresh, 6)


async def test_what_is_being_erased_is_not_rolled_up_again_before_it_is_gone(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    one = await order(redis, users=["ada"], project="a")
    assert {hour.project for hour in (await builder(fresh, redis).due()).pieces} == {"b"}
    for step, waits in (("rows", {"b"}), ("tail", {"a", "b"})):
        one.step = step
        await erasures.save(redis, one)
        assert {hour.project for hour in (await builder(fresh, redis).due()).pieces} == waits
    await order(redis, users=["ada"], project="b", dry_run=True)
    assert {hour.project for hour in (await builder(fresh, redis).due()).pieces} == {"a", "b"}


async def test_an_hour_waits_until_it_is_over_for_so_long_and_then_as_long_again(
    fresh: AsyncClient, redis: Redis, clickhouse_url: str
) -> None:
    now = int(str(await fresh.command("SELECT toUnixTimestamp(now())")))
    running, over = (now - START) // HOUR, (now - START) // HOUR - 3
    await store(fresh, ("a", running, "c"), ("a", over, "c"))
    assert await rollup.build(redis, clickhouse_url, 60) == 1
    await store(fresh, ("a", over, "late"))
    assert await rollup.build(redis, clickhouse_url, 60) == 0
    assert await rollup.state(fresh) == (2, 0, 1, 3, 0)


async def test_only_one_builds_at_a_time_unless_its_lock_is_gone(
    redis: Redis, fresh: AsyncClient, clickhouse_url: str
) -> None:
    await store(fresh, *MIXED)
    await redis.set(LOCK, "another")
    assert await rollup.build(redis, clickhouse_url, 1) == 0
    await redis.delete(LOCK)
    assert await rollup.build(redis, clickhouse_url, 1) == 6
    assert not await redis.exists(LOCK)
    assert await rollup.state(fresh) == (6, 6, 0, 0, START)


async def test_an_hour_of_an_older_shape_is_built_again(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *MIXED)
    await builder(fresh, redis).run(60)
    await fresh.command("ALTER TABLE closed_hours UPDATE shape = 0 WHERE 1", settings={"mutations_sync": 1})
    await exact(fresh, 0)
    assert await builder(fresh, redis).run(60) == 6
    await exact(fresh, 6)


async def test_projects_whose_numbers_are_in_doubt_are_rolled_up_again(
    fresh: AsyncClient, redis: Redis, clickhouse_url: str
) -> None:
    await store(fresh, *MIXED)
    await builder(fresh, redis).run(60)
    assert await rollup.check(clickhouse_url) == 0
    await fresh.command("INSERT INTO visitor_numbers SELECT project, visitor + 1, number FROM visitor_numbers "
                        "WHERE project = 'a' AND number = 2")  # fmt: skip
    assert await rollup.check(clickhouse_url) == 1
    await exact(fresh, 3)
    await builder(fresh, redis).run(60)
    await exact(fresh, 6)


def test_a_batch_is_bounded_in_hours_and_rows_and_holds_one_at_least() -> None:
    hours = [Hour("p", number, 1) for number in range(BATCH_HOURS + 1)]
    assert rollup.bounded(hours) == hours[:-1]
    large = [Hour("p", number, BATCH_ROWS // 2 + 1) for number in range(3)]
    assert rollup.bounded(large) == large[:1]
    assert rollup.bounded([Hour("p", 1, 10**12), *hours]) == [Hour("p", 1, 10**12)]
    assert Batch([], 0).pieces == []
