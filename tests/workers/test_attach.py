"""Attach: rows come into a table, and no view hears of them."""

import secrets
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from tests.workers.entries import entry, event
from workers import pipeline, row
from workers.attach import attach
from workers.batch import decode
from workers.errors import NotNow
from workers.reference import Reference
from workers.sink import Sink

pytestmark = pytest.mark.stack

DAY_MS = 86_400_000


@pytest.fixture
async def sink(clickhouse_url: str) -> AsyncIterator[Sink]:
    sink = Sink(clickhouse_url, secrets.token_hex(8), 60)
    yield sink
    await sink.close()


def rows() -> row.Columns:
    """Five events, each of another month."""
    events = [event(number, occurred_at=1_795_000_000_000 - number * 40 * DAY_MS) for number in range(5)]
    return row.columns(pipeline.run(decode(3, [entry("1000-0", events)]), Reference()))


async def count(warehouse: AsyncClient, table: str) -> int:
    return int((await warehouse.query(f"SELECT count() FROM {table}")).result_rows[0][0])


async def test_rows_of_several_months_come_into_their_partitions_and_no_view_hears_of_them(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    await warehouse.command("TRUNCATE TABLE hour_marks")
    await warehouse.command("CREATE TABLE events_again_3 AS events")
    await sink.put("events_again_3", row.COLUMNS, rows())  # as a killed worker leaves it: not moved
    await attach(sink, "events", row.COLUMNS, rows(), shard=3, url=clickhouse_url, timeout=60)
    assert (await count(warehouse, "events"), await count(warehouse, "hour_marks")) == (5, 0)
    left = await warehouse.query("SELECT name FROM system.tables WHERE name LIKE '%_again_%'")
    assert left.result_rows == []


async def test_away_is_not_now(sink: Sink) -> None:
    away = "http://u:p@127.0.0.1:1/?database=x"
    with pytest.raises(NotNow):
        await attach(sink, "events", row.COLUMNS, rows(), shard=3, url=away, timeout=5)
