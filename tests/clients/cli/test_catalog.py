"""`headrace catalog` against a real query service."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import moment
from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.describing import Describing, describing

pytestmark = pytest.mark.stack


@pytest.fixture
async def shop_front(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Describing]:
    """The command knows where it is."""
    async with describing(redis, redis_url, clickhouse_url, shop) as one:
        headrace.env = one.env
        yield one


async def test_before_anything_was_seen_that_is_said(headrace: Headrace, shop_front: Describing) -> None:
    assert (await headrace("catalog")).out.strip() == "No event was seen yet."
    ended = await headrace("catalog", "signup")
    assert (ended.code, "No event named 'signup'" in ended.err) == (1, True)
    assert (await headrace("catalog", "--days", "91")).code == 2


async def test_names_and_properties_are_shown(
    headrace: Headrace, shop_front: Describing, warehouse: AsyncClient
) -> None:
    now, today = moment.now_ms(), dt.datetime.now(dt.UTC).date()
    times = [today, 1200, now, now, now]
    events = [[shop_front.project, name, *times] for name in ("Product Viewed", "")]
    columns = ["project", "name", "day", "events", "first_ms", "last_ms", "upto_ms"]
    await warehouse.insert("catalog_events", events, column_names=columns)
    keys = [("price", "number"), ("price", "string"), ("", "")]
    rows = [[shop_front.project, "Product Viewed", *key, today, 300, now, now, now] for key in keys]
    columns[2:2] = ["property", "type"]
    await warehouse.insert("catalog_properties", rows, column_names=columns)
    ended = await headrace("catalog")
    assert ended.out.splitlines()[1].split()[:3] == ["Product", "Viewed", "1,200"]
    assert "And 1,200 events whose names are too many" in ended.err
    ended = await headrace("catalog", "Product Viewed", "--days", "7")
    assert ended.out.splitlines()[1].split()[:4] == ["price", "number,", "string", "50.0%"]
    assert "And 300 properties" in ended.err
    document = (await headrace("catalog", "Product Viewed", "--json")).document
    assert (document["events"], document["properties"][0]["share"]) == (1200, 0.5)
