"""Old events go, on the real engine: of the project that asked for it, and of no other."""

import uuid

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.moment import now_ms
from ingest_api.projects import Projects, Settings
from ingest_api.stream import Redis
from workers import retention

pytestmark = pytest.mark.stack

DAY = 86_400_000


async def store(warehouse: AsyncClient, project: str, *ages_in_days: float) -> None:
    """An event and a rejected one of each age."""
    times = [now_ms() - int(age * DAY) for age in ages_in_days]
    events = [[uuid.uuid4(), project, "e", time, "{}"] for time in times]
    await warehouse.insert("events", events, column_names=["event_id", "project", "name", "occurred_at", "properties"])
    rejected = [[project, time, number] for number, time in enumerate(times)]
    await warehouse.insert("rejected_events", rejected, column_names=["project", "appended_at", "_index"])


async def left(warehouse: AsyncClient, table: str = "events") -> dict[str, int]:
    """Project -> rows."""
    found = await warehouse.query(f"SELECT project, count() FROM {table} GROUP BY project")
    return {str(project): int(count) for project, count in found.result_rows}


async def test_what_is_older_than_its_project_keeps_is_deleted_and_nothing_else(
    redis: Redis, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    projects = Projects(redis)
    for name, days in (("short", 1), ("its-long", 30), ("young", 1), ("forever", 0)):
        await projects.create(name, (), Settings(retention_days=days))
    await store(warehouse, "short", 0, 0.9, 1.1, 400)
    await store(warehouse, "its-long", 0, 2, 29, 31)
    await store(warehouse, "young", 0)
    await store(warehouse, "forever", 0, 5000)
    assert await retention.clean(redis, clickhouse_url, now_ms()) == 2
    for table in ("events", "rejected_events"):
        assert await left(warehouse, table) == {"short": 2, "its-long": 3, "young": 1, "forever": 2}
    assert await retention.clean(redis, clickhouse_url, now_ms()) == 0


async def test_without_a_retention_nothing_is_asked_of_clickhouse(redis: Redis) -> None:
    await Projects(redis).create("forever")
    assert await retention.clean(redis, "http://default@127.0.0.1:1/", now_ms()) == 0
