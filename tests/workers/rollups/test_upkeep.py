"""What no longer counts of the rollups goes, and nothing that does."""

import uuid

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import Redis
from tests.workers.rolling import builder, empty
from workers.rollups import upkeep
from workers.rollups.builder import RANDOM_BITS

pytestmark = pytest.mark.stack

HOUR, START = 3600, 1_767_279_600


@pytest.fixture
async def rolled(warehouse: AsyncClient, redis: Redis) -> AsyncClient:
    """Three hours of a project, closed; a visitor of each hour, and one of all."""
    await empty(warehouse)
    for hour in range(3):
        await store(warehouse, hour, f"c{hour}", "everywhere")
    await builder(warehouse, redis).run(60)
    return warehouse


async def store(client: AsyncClient, hour: int, *clients: str) -> None:
    rows = [[uuid.uuid4(), "a", (START + hour * HOUR) * 1000, one, "{}"] for one in clients]
    columns = ["event_id", "project", "occurred_at", "client_id", "properties"]
    await client.insert("events", rows, column_names=columns)


async def count(client: AsyncClient, text: str) -> int:
    return int(str(await client.command(f"SELECT count() FROM {text}")))


async def test_versions_that_do_not_count_go_once_no_question_can_read_them(rolled: AsyncClient, redis: Redis) -> None:
    rows = await count(rolled, "rollup_hours")
    await store(rolled, 1, "late")
    await builder(rolled, redis).run(60)
    both = await count(rolled, "rollup_hours")
    assert not await upkeep.clean(rolled), "a question may still read what counted a moment ago"
    aged = f"version = version - {2 * 3_600_000 << RANDOM_BITS}"
    for table in ("rollup_hours", "closed_hours"):
        await rolled.command(f"CREATE OR REPLACE TABLE aged AS {table}")
        await rolled.command(f"INSERT INTO aged SELECT * REPLACE({aged.split(' = ')[1]} AS version) FROM {table}")
        await rolled.command(f"TRUNCATE TABLE {table}")
        await rolled.command(f"INSERT INTO {table} SELECT * FROM aged")
    await rolled.command("DROP TABLE aged")
    assert await upkeep.clean(rolled)
    assert rows < both
    assert await count(rolled, "rollup_hours") == rows
    assert not await upkeep.clean(rolled)


async def test_who_is_in_no_rollup_any_more_has_no_number_any_more(rolled: AsyncClient) -> None:
    assert await count(rolled, "visitor_numbers") == 4
    assert await upkeep.forget(rolled, "a", (START + HOUR) * 1000 + 1)
    assert await count(rolled, "visitor_numbers WHERE visitor != 0") == 2
    assert await count(rolled, "visitor_numbers WHERE visitor = 0 AND number = 4") == 1
    assert await upkeep.doubted(rolled) == []


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO visitor_numbers SELECT project, visitor, 9 FROM visitor_numbers LIMIT 1",
        "INSERT INTO visitor_numbers SELECT project, visitor + 1, number FROM visitor_numbers LIMIT 1",
        "DELETE FROM visitor_numbers WHERE number = 2",
    ],
)
async def test_every_way_in_which_numbers_can_be_wrong_is_seen(rolled: AsyncClient, redis: Redis, change: str) -> None:
    assert await upkeep.doubted(rolled) == []
    await rolled.command(change)
    assert await upkeep.doubted(rolled) == ["a"]
    await upkeep.renew(rolled, "a")
    assert await builder(rolled, redis).run(60) == 3
    assert await upkeep.doubted(rolled) == []
