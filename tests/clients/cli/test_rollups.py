"""`headrace rollups`, on a warehouse."""

import uuid

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace
from tests.workers.rolling import builder, empty

pytestmark = pytest.mark.stack

START = 1_767_279_600_000


async def test_it_says_how_far_hours_are_rolled_up_and_begins_anew(
    headrace: Headrace, warehouse: AsyncClient, redis: Redis, clickhouse_url: str
) -> None:
    await empty(warehouse)
    rows = [[uuid.uuid4(), project, START + hour * 3_600_000, "{}"] for project in ("a", "b") for hour in range(3)]
    await warehouse.insert("events", rows, column_names=["event_id", "project", "occurred_at", "properties"])
    headrace.env = {"HEADRACE_CLICKHOUSE_URL": clickhouse_url}
    ended = await headrace("rollups")
    assert (ended.code, ended.out.splitlines()) == (
        0,
        ["0 of 6 hours with events are rolled up.", "6 events are in hours that are read as they are."],
    )
    await builder(warehouse, redis).run(60)
    assert (await headrace("rollups")).out == "6 of 6 hours with events are rolled up, back to 2026-01-01T15:00:00Z.\n"
    ended = await headrace("rollups", "--again", "a", "--json")
    left = {"hours": 6, "closed": 3, "changed": 3, "open_rows": 6, "back_to": "2026-01-01T15:00:00Z"}
    assert ended.document == left
    assert await builder(warehouse, redis).run(60) == 3


async def test_without_clickhouse_it_says_so(headrace: Headrace) -> None:
    assert (await headrace("rollups")).code == 2
    headrace.env = {"HEADRACE_CLICKHOUSE_URL": "http://u:secret@127.0.0.1:1/?database=x"}
    ended = await headrace("rollups")
    assert (ended.code, "secret" in ended.err) == (3, False)
