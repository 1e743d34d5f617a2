"""How full Redis is, as it reckons itself."""

import pytest
from redis.exceptions import OutOfMemoryError

from ingest_api import memory
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


async def test_it_is_full_when_it_refuses_and_without_a_limit_it_never_is(redis: Redis) -> None:
    before = (await redis.config_get("maxmemory"))["maxmemory"]
    try:
        await redis.config_set("maxmemory", 0)
        assert await memory.full(redis) == 0
        await redis.config_set("maxmemory", 2**30)
        assert 0 < await memory.full(redis) < 0.5
        await redis.config_set("maxmemory", 2**19)
        assert await memory.full(redis) > 1
        with pytest.raises(OutOfMemoryError):
            await redis.set("x", "y")
    finally:
        await redis.config_set("maxmemory", before)
