"""How full Redis is, as it reckons itself."""

from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from ingest_api import memory
from ingest_api.servers import routing
from ingest_api.stream import Redis
from tests.topologies import Primaries

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


async def test_of_several_the_fullest_that_answers_counts(several: Any, primaries: Primaries) -> None:
    fuller = await routing.at(several, 1)
    await fuller.config_set("maxmemory", 2**19)
    try:
        assert await memory.full(several) > 1
        away = primaries.actor(fuller)
        await away.kill()
        assert await memory.full(several) < 0.5
        await away.start()
    finally:
        await fuller.config_set("maxmemory", 2**28)
