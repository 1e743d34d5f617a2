"""What is fixed at install, and the index's window."""

import asyncio
from typing import Any

import pytest

from ingest_api.stream import Install, InstallMismatch, Redis, Shard, fcall, install, read_install

pytestmark = pytest.mark.stack


async def test_an_installation_is_made_once_and_read_by_all(redis: Redis) -> None:
    first = await install(redis, 4, 3600)
    assert await install(redis, 4, 3600) == first == await read_install(redis)
    assert [shard.frames for shard in first.shards] == [f"{{s0{number}}}:frames" for number in range(4)]


async def test_another_window_than_the_installation_s_is_refused(redis: Redis) -> None:
    await install(redis, 4, 3600)
    with pytest.raises(InstallMismatch, match="HEADRACE_WINDOW_SECONDS is"):
        await install(redis, 4, 60)


@pytest.mark.parametrize(("wanted", "told"), [(2, []), (4, []), (8, ["headrace shards raise 8"])])
async def test_an_installation_keeps_its_number_of_shards_and_says_how_to_raise_it(
    redis: Redis, wanted: int, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    made = await install(redis, 4, 3600)
    assert await install(redis, wanted, 3600) == made
    assert [vars(record)["remedy"] for record in caplog.records] == told


async def test_before_the_first_start_there_is_no_installation(redis: Redis) -> None:
    with pytest.raises(InstallMismatch, match="no installation yet"):
        await read_install(redis)


async def append(redis: Redis, made: Install, digest: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """One keyed event into shard 0."""
    shard: Shard = made.shards[0]
    keys = shard.appending
    keyed = b"\x00\x00" + digest + payload
    answer = await fcall(redis, "append", keys, made.window_ms, 1, 10, b"frame", keyed, "demo\0001", made.shard_count)
    return answer[0], answer[1]


async def test_a_key_is_known_in_the_bucket_after_its_own_and_forgotten_after_that(redis: Redis) -> None:
    made = await install(redis, 1, 60)
    shard = made.shards[0]
    digest, payload = b"d" * 16, b"p" * 8
    raw: Any = redis  # redis-py 5 wants text where Redis takes bytes
    seconds, _ = await redis.time()
    bucket = int(seconds) // 60
    await raw.hset(f"{shard.index}:{bucket - 1}", digest, payload)
    assert (await append(redis, made, digest, payload)) == (b"", b"1")
    assert (await append(redis, made, digest, b"q" * 8)) == (b"", b"2")
    await redis.delete(f"{shard.index}:{bucket - 1}", f"{shard.index}:{bucket}")
    await raw.hset(f"{shard.index}:{bucket - 2}", digest, payload)
    entry_id, verdicts = await append(redis, made, digest, payload)
    assert (bool(entry_id), verdicts) == (True, b"0")


async def test_the_index_expires_and_a_hit_writes_too(redis: Redis) -> None:
    made = await install(redis, 1, 3600)
    await append(redis, made, b"d" * 16, b"p" * 8)
    (bucket,) = [key async for key in redis.scan_iter(match="{s00}:index:*")]
    await redis.pexpire(bucket, 1000)
    before = (await redis.info("replication"))["master_repl_offset"]
    assert (await append(redis, made, b"d" * 16, b"p" * 8))[1] == b"1"
    assert await redis.pttl(bucket) > 3_600_000
    assert (await redis.info("replication"))["master_repl_offset"] >= before


async def test_a_loop_that_asks_redis_ends_when_it_is_told_to(redis: Redis) -> None:
    async def ask() -> None:
        while True:
            await redis.get("x")

    for turns in range(200):  # the cancellation meets every moment of a call
        asking = asyncio.ensure_future(ask())
        for _ in range(turns % 40):
            await asyncio.sleep(0)
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=5)
        assert done, f"a cancellation {turns % 40} turns after the beginning was not heard"
