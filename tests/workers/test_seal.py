"""At level replica nothing goes on without a replica; below it nobody is asked."""

import pytest

from ingest_api.durability import Level
from ingest_api.stream import Install, Redis
from workers.errors import NotNow
from workers.seal import seal

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("level", [Level.OS, Level.DISK])
async def test_levels_without_a_replica_wait_for_nothing(redis: Redis, made: Install, level: Level) -> None:
    await seal(redis, made.shards[0], level)
    assert await redis.exists(made.shards[0].seal) == 0


async def test_without_a_replica_a_batch_is_not_sealed_and_the_reason_is_told(redis: Redis, made: Install) -> None:
    with pytest.raises(NotNow, match="No replica"):
        await seal(redis, made.shards[0], Level.REPLICA)
    assert await redis.exists(made.shards[0].seal) == 1, "WAITAOF vouches for writes alone"
