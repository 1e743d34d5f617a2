"""An installation on the tests' Redis, and an empty warehouse."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import Install, Redis, install
from tests.workers.history import History
from workers.archives.archive import Archive
from workers.erasing.erase import Places
from workers.settings import Settings


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)


@pytest.fixture
def settings(redis_url: str, clickhouse_url: str) -> Settings:
    """A worker that does not linger."""
    return Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, linger_ms=20, lease_seconds=1.5)


@pytest.fixture
def archive(made: Install, tmp_path: Path) -> Archive:
    """A folder that lives as long as the test."""
    return Archive(str(tmp_path / "archive"), made.id, 10)


@pytest.fixture
def places(clickhouse_url: str, tmp_path: Path) -> Places:
    """Where events lie besides Redis."""
    return Places(clickhouse_url, str(tmp_path / "archive"))


@pytest.fixture
async def history(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> AsyncIterator[History]:
    """An installation without a past yet."""
    yield History(redis, made, settings, warehouse)
    await warehouse.command("SYSTEM START MERGES events")
