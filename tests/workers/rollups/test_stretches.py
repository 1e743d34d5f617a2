"""Stretches are rolled up whole or not at all, once a day has passed, and what no longer counts of them goes."""

import asyncio
import os
import sys
import uuid
from typing import Any

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import fault
from ingest_api.projects import erasures
from ingest_api.stream import Redis
from tests.workers.erasing.people import order
from tests.workers.rolling import empty
from workers.rollups import stretches, upkeep
from workers.rollups.builder import RANDOM_BITS
from workers.rollups.stretch import SECONDS as STRETCH_SECONDS
from workers.rollups.stretches import BATCH_ROWS, BATCH_STRETCHES, Stretch, Stretching

pytestmark = pytest.mark.stack

DAY = 86_400
START = 1_767_225_600
_SESSIONS = "SELECT project, count(), sum(events) FROM rolled_sessions GROUP BY project ORDER BY project"


@pytest.fixture
async def fresh(warehouse: AsyncClient) -> AsyncClient:
    """Nothing stored, nothing rolled up."""
    await empty(warehouse)
    return warehouse


def builder(client: AsyncClient, redis: Redis) -> Stretching:
    """What changed is due at once, and counts at once."""
    return Stretching(client, redis, grace=0, settle=0)


async def store(client: AsyncClient, *events: tuple[str, int, str]) -> None:
    """project, Unix second, client id."""
    columns = ["event_id", "project", "name", "occurred_at", "client_id", "properties"]
    rows = [[uuid.uuid4(), project, "page", at * 1000, who, "{}"] for project, at, who in events]
    await client.insert("events", rows, column_names=columns)


async def sessions(client: AsyncClient) -> list[Any]:
    return [tuple(row) for row in (await client.query(_SESSIONS)).result_rows]


WEEK = [(project, START + place * STRETCH_SECONDS, "c1") for project in ("a", "b") for place in range(4)]


async def test_a_stretch_is_due_a_day_after_its_end(fresh: AsyncClient, redis: Redis) -> None:
    now = int(str(await fresh.command("SELECT toUnixTimestamp(now())"))) // STRETCH_SECONDS * STRETCH_SECONDS
    ages = [DAY + 2 * STRETCH_SECONDS, DAY + STRETCH_SECONDS, DAY, 0]
    await store(fresh, *[("a", now - age, "c1") for age in ages])
    due = (await builder(fresh, redis).due()).pieces
    found = [(one.project, one.at, one.mark, one.rows) for one in due]
    assert found[-2:] == [("a", now - ages[1], 3, 1), ("a", now - ages[0], 3, 1)]
    assert found[:-2] in ([], [("a", now - DAY, 3, 1)]), "the next, should its time have come meanwhile"
    assert (await Stretching(fresh, redis, grace=STRETCH_SECONDS * 2).due()).pieces == []


async def test_a_project_is_built_at_a_time_and_only_what_changed_is_built_again(
    fresh: AsyncClient, redis: Redis
) -> None:
    await store(fresh, *WEEK)
    one = builder(fresh, redis)
    assert [stretch.project for stretch in (await one.due()).pieces] == ["a"] * 4
    assert await one.run(60) == 8
    assert await sessions(fresh) == [("a", 4, 4), ("b", 4, 4)]
    assert (await one.due()).pieces == []
    await store(fresh, ("b", START + 60, "c1"))
    assert len((await one.due()).pieces) == 4
    assert (await Stretching(fresh, redis, grace=60).due()).pieces == [], "late events come one after the other"


CHILD = """
import asyncio, sys
from ingest_api.stream import connect
from workers.rollups.stretches import Stretching
from workers.clickhouse.visit import visit
async def main():
    async with visit(sys.argv[2], 60) as client:
        await Stretching(client, connect(sys.argv[1]), 0, 0).run(60)
asyncio.run(main())
"""


async def test_killed_before_it_is_closed_nothing_counts_and_the_next_run_begins_again(
    fresh: AsyncClient, redis: Redis, redis_url: str, clickhouse_url: str
) -> None:
    await store(fresh, *WEEK)
    command = (sys.executable, "-c", CHILD, redis_url, clickhouse_url)
    child = await asyncio.create_subprocess_exec(
        *command, env=os.environ | {fault.VARIABLE: "worker.stretch_written:1"}
    )
    assert await child.wait() == fault.KILLED
    assert await sessions(fresh) == [("a", 4, 4)]
    assert await fresh.command("SELECT count() FROM closed_stretches") == 0
    assert await builder(fresh, redis).run(60) == 8


async def test_projects_of_which_something_is_erased_wait(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *WEEK)
    one = await order(redis, users=["ada"], project="a")
    assert {stretch.project for stretch in (await builder(fresh, redis).due()).pieces} == {"b"}
    one.step = ""
    await erasures.save(redis, one)
    assert {stretch.project for stretch in (await builder(fresh, redis).due()).pieces} == {"a"}


async def test_sessions_that_no_question_can_read_any_more_are_deleted(fresh: AsyncClient, redis: Redis) -> None:
    await store(fresh, *WEEK)
    await builder(fresh, redis).run(60)
    await store(fresh, *WEEK)
    await builder(fresh, redis).run(60)
    assert await sessions(fresh) == [("a", 8, 12), ("b", 8, 12)]
    assert not await upkeep.clean(fresh), "a question may still read what counted a moment ago"
    aged = f"ALTER TABLE {{}} UPDATE version = version - {2 * 3_600_000 << RANDOM_BITS} WHERE 1"
    await fresh.command(aged.format("rolled_sessions"), settings={"mutations_sync": 1})
    assert await upkeep.clean(fresh)
    assert await sessions(fresh) == []


async def test_what_is_kept_no_longer_goes_and_what_reaches_over_the_edge_is_built_again(
    fresh: AsyncClient, redis: Redis
) -> None:
    await store(fresh, *WEEK)
    await builder(fresh, redis).run(60)
    assert await upkeep.forget(fresh, "a", (START + STRETCH_SECONDS) * 1000)
    assert await sessions(fresh) == [("a", 2, 2), ("b", 4, 4)]
    assert {stretch.project for stretch in (await builder(fresh, redis).due()).pieces} == {"a"}


def test_a_batch_is_of_one_project_and_bounded() -> None:
    some = [Stretch("a", number, 1, BATCH_ROWS // 4) for number in range(6)]
    assert stretches.bounded([some[0], Stretch("b", 1, 1, 1), *some[1:]]) == some[:4]
    many = [Stretch("a", number, 1, 1) for number in range(BATCH_STRETCHES + 1)]
    assert stretches.bounded(many) == many[:-1]
    assert stretches.bounded([Stretch("a", 1, 1, 10**12), *some]) == [Stretch("a", 1, 1, 10**12)]
