"""A project with a real query service behind it, and somebody who watches."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients.cli.service import Service
from clients.cli.settings import Settings
from ingest_api.stream import Redis
from tests.clients.cli.asking import Shop, asking
from tests.clients.cli.conftest import Headrace


@pytest.fixture
async def shop(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Shop]:
    """One shard, which nobody holds."""
    async with asking(redis, redis_url, clickhouse_url, headrace) as one:
        yield one


def settings(shop: Shop, *kinds: str) -> Settings:
    """With keys of these kinds alone."""
    env = shop.headrace.env
    keys: dict[str, Any] = {f"{kind}_key": env[f"HEADRACE_{kind.upper()}_KEY"] for kind in kinds}
    return Settings(_env_file=None, query_url=env["HEADRACE_QUERY_URL"], **keys)


@pytest.fixture
async def service(shop: Shop) -> AsyncIterator[Service]:
    """Opened by both keys."""
    async with Service(settings(shop, "query", "admin")) as one:
        yield one
