"""What Redis remembers of an event besides its frame: the index, receipts, a verdict; and its files."""

import pytest

from ingest_api.rules.normalise import keyed
from ingest_api.stream import Install, Redis
from tests.appending import append
from tests.raised import raised
from tests.workers.desk import stamped
from workers import verdict
from workers.erasing import erase_keys
from workers.verdict import Verdict

pytestmark = pytest.mark.stack


async def alive() -> None:
    """Nobody else works here."""


async def keys(redis: Redis) -> int:
    """Digests in all buckets of the index."""
    names = [key async for key in redis.scan_iter(match="*:index:*")]
    return sum([await redis.hlen(name) for name in names])  # type: ignore[misc]  # redis-py 5: awaitable or not


async def test_the_index_forgets_keys_of_any_kind_and_no_others(redis: Redis, redis_url: str, made: Install) -> None:
    own = "018F0C1E-6c1b-7cc2-9d52-0a6f1c2d3e4f"
    await append(redis_url, made, [stamped(number, "a", key) for number, key in enumerate(("order 1", own, "other"))])
    await append(redis_url, made, [stamped(9, "b", "order 1"), stamped(10, "b", own)])
    assert await keys(redis) == 5
    ids = [("a", keyed("a", key)[0]) for key in ("order 1", own)] + [("a", stamped(3, "a").event.event_id)]
    assert await erase_keys.forget(redis, made, ids, alive) == 2
    assert (await keys(redis), await erase_keys.forget(redis, made, ids, alive)) == (3, 0)


async def test_after_a_raise_the_shards_of_before_forget_too(redis: Redis, redis_url: str, made: Install) -> None:
    names = [f"order {number}" for number in range(20)]
    await append(redis_url, made, [stamped(number, "a", key) for number, key in enumerate(names)])
    now = await raised(redis, 7)
    await append(redis_url, now, [stamped(number, "a", key) for number, key in enumerate([*names, "new", "other"])])
    assert await keys(redis) == 22
    ids = [("a", keyed("a", key)[0]) for key in [*names, "new"]]
    assert await erase_keys.forget(redis, now, ids, alive) == 21
    assert await keys(redis) == 1


async def test_receipts_of_rejected_events_go(redis: Redis, made: Install) -> None:
    known = b"e" * 16
    for name in (known.hex(), "another"):
        await redis.hset(made.shards[2].rejected, name, "ClickHouse: ada@x")  # type: ignore[misc]  # redis-py 5
    assert await erase_keys.forget(redis, made, [("a", known)], alive) == 1
    assert await redis.hkeys(made.shards[2].rejected) == [b"another"]  # type: ignore[misc]  # redis-py 5


async def test_a_verdict_goes_when_its_batch_is_committed_and_not_before(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    await redis.set(shard.verdict, verdict.encode(Verdict("5-0:7-1:2", 0, {"5-0:0": "ClickHouse: ada@x"})))
    for floor, stays in (("", 1), ("7-0", 1), ("7-1", 0)):
        if floor:
            await redis.set(shard.floor, floor)
        await erase_keys.forget_verdicts(redis, made)
        assert await redis.exists(shard.verdict) == stays


async def test_the_append_only_file_is_written_anew(redis: Redis) -> None:
    before = (await redis.info("persistence"))["aof_base_size"]
    await redis.set("large", b"x" * 100_000)
    assert await erase_keys.rewrite_files(redis, alive) == []
    status = await redis.info("persistence")
    assert status["aof_last_bgrewrite_status"] == "ok"
    assert status["aof_base_size"] != before
    await redis.set("large", b"x")


async def test_what_redis_refuses_is_told(redis: Redis, redis_url: str) -> None:
    await redis.acl_setuser("meek", enabled=True, nopass=True, commands=["+@all", "-bgrewriteaof"], keys=["*"])
    meek = type(redis).from_url(redis_url.replace("//:redis-of-the-tests@", "//meek:x@"))
    (refused,) = await erase_keys.rewrite_files(meek, alive)
    assert "BGREWRITEAOF" in refused
    assert "may still hold what was erased" in refused
    await meek.aclose()
    await redis.acl_deluser("meek")
