"""Visitors get one number each, whoever gives them, and no number is given twice."""

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from tests.workers.rolling import empty
from workers.clickhouse.visit import visit
from workers.rollups import numbers, upkeep
from workers.rollups.rollup_sql import KEEP_COUNT

pytestmark = pytest.mark.stack

HOUR = 1_767_279_600


@pytest.fixture
async def fresh(warehouse: AsyncClient) -> AsyncClient:
    """Nothing stored, nobody has a number."""
    await empty(warehouse)
    return warehouse


async def seen(client: AsyncClient, project: str, *clients: str) -> None:
    """Events of these clients."""
    rows = [[uuid.uuid4(), project, HOUR * 1000, one, "{}"] for one in clients]
    columns = ["event_id", "project", "occurred_at", "client_id", "properties"]
    await client.insert("events", rows, column_names=columns)


def asked(*projects: str) -> dict[str, object]:
    return {"hours": [(one, HOUR) for one in projects], "first": HOUR, "last": HOUR, "projects": list(projects)}


async def given(client: AsyncClient, project: str) -> list[int]:
    """The numbers of its visitors."""
    text = "SELECT number FROM visitor_numbers WHERE project = {project:String} AND visitor != 0 ORDER BY number"
    return [row[0] for row in (await client.query(text, parameters={"project": project})).result_rows]


async def test_numbers_go_on_where_they_ended_project_by_project(fresh: AsyncClient) -> None:
    await seen(fresh, "a", "x", "y", "x", "")
    await seen(fresh, "b", "x")
    assert await numbers.give(fresh, asked("a", "b")) == 3
    assert await numbers.give(fresh, asked("a", "b")) == 0
    await seen(fresh, "a", "z")
    assert await numbers.give(fresh, asked("a")) == 1
    assert (await given(fresh, "a"), await given(fresh, "b")) == ([1, 2, 3], [1])


async def test_of_two_that_begin_with_the_same_number_one_is_dropped(fresh: AsyncClient) -> None:
    await numbers.number(fresh, "a", 1, [10, 20])
    await numbers.number(fresh, "a", 1, [20, 30, 40])
    assert await given(fresh, "a") == [1, 2]
    assert await upkeep.doubted(fresh) == []


@pytest.mark.parametrize("visitors", [range(12), range(2)])
async def test_many_that_give_at_once_give_each_one(
    fresh: AsyncClient, clickhouse_url: str, visitors: Sequence[int]
) -> None:
    async def storm(client: AsyncClient, mine: int) -> None:
        for one in visitors:
            await seen(client, "a", f"both {one}", f"{mine} {one}")
            await numbers.give(client, asked("a"))

    async with visit(clickhouse_url, 60) as second, visit(clickhouse_url, 60) as third:
        await asyncio.gather(*(storm(client, mine) for mine, client in enumerate((fresh, second, third))))
    assert await given(fresh, "a") == list(range(1, 4 * len(visitors) + 1))
    assert await upkeep.doubted(fresh) == []


async def test_a_token_whose_rows_are_not_there_holds_nobody_up(fresh: AsyncClient) -> None:
    """As after a kill of ClickHouse between the two (`workers/proof.py`); a mutation leaves the token."""
    await numbers.number(fresh, "a", 1, [10])
    await fresh.command("ALTER TABLE visitor_numbers DELETE WHERE 1", settings={"mutations_sync": 2})
    await seen(fresh, "a", "x", "y")
    assert await numbers.give(fresh, asked("a")) == 4, "twice: the first block was dropped"
    assert len(set(await given(fresh, "a"))) == 2
    assert await numbers.give(fresh, asked("a")) == 0
    assert await upkeep.doubted(fresh) == []


async def test_a_number_that_was_deleted_is_not_given_again(fresh: AsyncClient) -> None:
    await seen(fresh, "a", "x", "y")
    await numbers.give(fresh, asked("a"))
    await fresh.command(KEEP_COUNT, parameters={"project": "a"})
    await fresh.command("ALTER TABLE visitor_numbers DELETE WHERE visitor != 0", settings={"mutations_sync": 1})
    await numbers.give(fresh, asked("a"))
    assert await given(fresh, "a") == [3, 4]
