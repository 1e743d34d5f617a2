"""The jobs as arq calls them."""

import uuid
from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.projects import Projects
from ingest_api.projects import Settings as ProjectSettings
from ingest_api.stream import Redis
from workers.jobs import CRON, delete_old_events
from workers.settings import Settings

pytestmark = pytest.mark.stack


async def test_the_job_says_how_many_projects_were_cleaned(
    redis: Redis, warehouse: AsyncClient, settings: Settings
) -> None:
    await Projects(redis).create("shop", (), ProjectSettings(retention_days=1))
    await warehouse.insert(
        "events",
        [[uuid.uuid4(), "shop", datetime(2000, 1, 1, tzinfo=UTC), "{}"]],
        column_names=["event_id", "project", "occurred_at", "properties"],
    )
    assert await delete_old_events({"streams": redis, "settings": settings}) == 1


def test_old_events_are_looked_for_once_a_day() -> None:
    (daily,) = [job for job in CRON if job.coroutine is delete_old_events]
    assert (daily.hour, daily.minute, daily.second, daily.day, daily.weekday) == ({3}, {17}, {0}, None, None)
