"""A shard as its owner sees it, on a real Redis."""

import asyncio

import pytest

from ingest_api.stream import Install, Redis, fcall
from tests.appending import append
from tests.ingest_api.events import stamped
from workers.batch import decode
from workers.errors import Fenced
from workers.landed import Landed
from workers.source import Source, trim

pytestmark = pytest.mark.stack

MANY = (1_000_000, 1_000_000_000, 0)


@pytest.fixture
async def source(redis: Redis, made: Install) -> Source:
    """The owner of shard 0."""
    shard = made.shards[0]
    epoch = await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
    return Source(redis, shard, epoch)


async def fill(redis_url: str, made: Install, count: int, each: int = 1) -> None:
    """Put unkeyed events into shard 0, `each` to a frame."""
    only = Install(made.id, 1, made.window_ms)
    await append(redis_url, only, [stamped(number=i) for i in range(count)], each)


async def test_nothing_is_taken_while_too_few_wait_and_the_oldest_is_young(
    source: Source, redis_url: str, made: Install
) -> None:
    assert await source.take(10, 10**9, 60_000) == ([], 0)
    await fill(redis_url, made, 3)
    entries, ripe_in = await source.take(10, 10**9, 60_000)
    assert entries == []
    assert 0 < ripe_in <= 60_000


async def test_enough_events_are_taken_at_once_and_no_more_than_asked(
    source: Source, redis_url: str, made: Install
) -> None:
    await fill(redis_url, made, 40, each=4)
    entries, _ = await source.take(10, 10**9, 60_000)
    assert decode(0, entries).claimed == 8


async def test_bytes_bound_a_batch_too(source: Source, redis_url: str, made: Install) -> None:
    await fill(redis_url, made, 40, each=4)
    entries, _ = await source.take(10**6, 1000, 60_000)
    assert 0 < len(entries) < 10


async def test_a_frame_larger_than_a_batch_is_taken_alone(source: Source, redis_url: str, made: Install) -> None:
    await fill(redis_url, made, 50, each=50)
    entries, _ = await source.take(10, 10**9, 60_000)
    assert decode(0, entries).claimed == 50


async def test_what_was_taken_and_not_committed_comes_again_whole_and_alone(
    source: Source, redis_url: str, made: Install
) -> None:
    await fill(redis_url, made, 20)
    first, _ = await source.take(5, 10**9, 0)
    await fill(redis_url, made, 20)
    again, _ = await source.take(*MANY)
    assert again == first
    batch = decode(0, first)
    await source.commit(Landed(batch.entry_ids, 5))
    after, _ = await source.take(*MANY)
    assert decode(0, after).claimed == 35


async def test_a_commit_repeated_after_a_lost_answer_counts_once(
    source: Source, redis: Redis, redis_url: str, made: Install
) -> None:
    await fill(redis_url, made, 5)
    batch = decode(0, (await source.take(*MANY))[0])
    for _ in range(3):
        await source.commit(Landed(batch.entry_ids, 4, 1))
    counters = await redis.hgetall(source.shard.counters)  # type: ignore[misc]  # redis-py 5: awaitable or not
    assert (counters[b"stored"], counters[b"rejected"], counters[b"batches"]) == (b"4", b"1", b"1")
    assert await redis.get(source.shard.floor) == batch.entry_ids[-1].encode()
    assert (await redis.xpending(source.shard.frames, "workers"))["pending"] == 0


async def test_after_a_take_over_the_old_owner_is_fenced_and_the_new_one_gets_its_batch(
    source: Source, redis: Redis, redis_url: str, made: Install
) -> None:
    await fill(redis_url, made, 5)
    batch = decode(0, (await source.take(*MANY))[0])
    await redis.delete(source.shard.lease)  # it ran out
    epoch = await fcall(redis, "lease", [source.shard.lease, source.shard.epoch], "another", 60_000)
    with pytest.raises(Fenced):
        await source.commit(Landed(batch.entry_ids, 5))
    with pytest.raises(Fenced):
        await source.take(*MANY)
    taken, _ = await Source(redis, source.shard, epoch).take(*MANY)
    assert decode(0, taken).span == batch.span


async def test_a_lease_is_held_by_one_and_kept_by_asking_again(source: Source, redis: Redis) -> None:
    keys = [source.shard.lease, source.shard.epoch]
    assert await fcall(redis, "lease", keys, "another", 60_000) == 0
    assert await fcall(redis, "lease", keys, "me", 60_000) == source.epoch
    assert await fcall(redis, "release", keys, "another") == 0
    assert await fcall(redis, "release", keys, "me") == 1
    assert await fcall(redis, "lease", keys, "another", 60_000) == source.epoch + 1


async def test_trimming_never_goes_above_the_floor(source: Source, redis: Redis, redis_url: str, made: Install) -> None:
    await fill(redis_url, made, 10)
    assert await trim(redis, source.shard, keep_minutes=0) == 0
    batch = decode(0, (await source.take(4, 10**9, 0))[0])
    await source.commit(Landed(batch.entry_ids, 4))
    assert await trim(redis, source.shard, keep_minutes=30) == 0
    await asyncio.sleep(0.01)  # the margin counts in milliseconds of Redis's clock
    assert await trim(redis, source.shard, keep_minutes=0) == 3
    assert await redis.xlen(source.shard.frames) == 7


async def test_the_drain_goes_on_when_redis_is_full(
    source: Source, redis: Redis, redis_url: str, made: Install
) -> None:
    await fill(redis_url, made, 5)
    await redis.config_set("maxmemory", "1mb")
    try:
        batch = decode(0, (await source.take(*MANY))[0])
        assert batch.claimed == 5
        await source.commit(Landed(batch.entry_ids, 5))
        assert await fcall(redis, "lease", [source.shard.lease, source.shard.epoch], "me", 60_000) == source.epoch
    finally:
        await redis.config_set("maxmemory", "512mb")


async def test_an_entry_from_the_future_does_not_wait_until_its_time_comes(
    source: Source, redis: Redis, redis_url: str, made: Install
) -> None:
    """Redis's clock was ahead and was set back: new entries go on from the last id, an hour from now."""
    seconds, _ = await redis.time()
    await redis.xadd(source.shard.frames, {"f": b"", "n": 1, "b": 1}, id=f"{(seconds + 3600) * 1000}-0")
    await fill(redis_url, made, 1)
    entries, ripe_in = await source.take(1000, 10**9, 50)
    assert (len(entries), ripe_in) == (2, 0)
