"""The kept tail gives way before events are refused, oldest first, and never what is not committed."""

import random

import pytest

from ingest_api import memory
from ingest_api.stream import Install, Redis, Shard, fcall
from tests.appending import append
from tests.ingest_api.events import stamped
from workers.landed import Landed
from workers.source import Source
from workers.tail import give_way

pytestmark = pytest.mark.stack


async def commit(redis: Redis, shard: Shard, batches: int) -> None:
    """Take and commit so many batches of one frame."""
    source = Source(redis, shard, int(await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)))
    for _ in range(batches):
        taken, _ = await source.take(1, 2**25, 0)
        await source.commit(Landed([entry.decode() for entry, _ in taken], len(taken)))


async def ids(redis: Redis, shard: Shard) -> list[bytes]:
    return [entry for entry, _ in await redis.xrange(shard.frames)]


async def test_the_oldest_go_first_only_where_room_is_short_and_what_waits_never_does(
    redis: Redis, redis_url: str, made: Install
) -> None:
    one = Install(made.id, 1, made.window_ms)
    (shard,) = one.shards
    noise = [stamped(number=i, properties=b'{"x":"%s"}' % random.randbytes(2000).hex().encode()) for i in range(60)]
    await append(redis_url, one, noise, each=1)
    await commit(redis, shard, 50)
    before = await ids(redis, shard)
    before_limit = (await redis.config_get("maxmemory"))["maxmemory"]
    try:
        assert await give_way(redis, [shard], 70) == 0
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", int(used * 1.3))
        assert await memory.full(redis) > 0.7
        first = await give_way(redis, [shard], 70)
        assert 0 < first < 49
        assert await ids(redis, shard) == before[first:]
        await redis.config_set("maxmemory", used // 2)
        while await give_way(redis, [shard], 70):
            assert await ids(redis, shard) == before[-len(await ids(redis, shard)) :]
        assert await ids(redis, shard) == before[49:], "the floor and the ten that wait"
        await commit(redis, shard, 10)
        assert await redis.get(shard.floor) == before[-1]
    finally:
        await redis.config_set("maxmemory", before_limit)


async def test_a_shard_that_never_committed_or_holds_nothing_is_left_alone(
    redis: Redis, redis_url: str, made: Install
) -> None:
    assert await give_way(redis, made.shards, 0) == 0
    await append(redis_url, made, [stamped(number=i) for i in range(10)])
    count = sum([len(await ids(redis, shard)) for shard in made.shards])
    assert await give_way(redis, made.shards, 0) == 0
    assert sum([len(await ids(redis, shard)) for shard in made.shards]) == count
