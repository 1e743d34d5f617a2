"""The secret of the installation."""

import asyncio
from pathlib import Path

import pytest

from ingest_api.projects.secret import secret
from ingest_api.stream import Redis, connect
from tests import stores

pytestmark = pytest.mark.stack


async def test_all_who_ask_first_get_the_same_secret(redis: Redis) -> None:
    found = await asyncio.gather(*(secret(redis) for _ in range(8)))
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await secret(redis) == found[0]


async def test_a_full_redis_gets_one_all_the_same(tmp_path: Path) -> None:
    with stores.local_redis(tmp_path) as url:
        redis = connect(url)
        await redis.config_set("maxmemory", 1)
        assert len(await secret(redis)) == 32
        await redis.aclose()
