"""Raising the number of shards, step by step, on a real Redis."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ResponseError

from ingest_api import raising
from ingest_api.dialect import Verdict
from ingest_api.durability import Level
from ingest_api.progress import read_progress
from ingest_api.raising import OLDER, Refused
from ingest_api.stream import (
    GROUP,
    INSTALL,
    LIBRARY,
    MAX_SHARDS,
    Install,
    Redis,
    Shard,
    fcall,
    install,
    library,
    load_functions,
    read_install,
)
from tests.appending import appending
from tests.ingest_api.events import stamped
from tests.ingest_api.pair import pair
from tests.topologies import Nodes, Primaries, emptied

pytestmark = pytest.mark.stack

WINDOW_MS = 3_600_000


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of two shards."""
    return await install(redis, 2, 3600)


async def raise_to(redis: Redis, count: int, most: int = 10) -> list[str]:
    """Make so many steps at most, as somebody who is killed then."""
    done: list[str] = []
    steps = raising.steps(redis, await read_install(redis), count)
    while len(done) < most and (step := await anext(steps, "")):
        done.append(step)
    await steps.aclose()  # type: ignore[attr-defined]  # it is a generator, and says that it is an iterator
    return done


async def append(redis: Redis, shard: Shard, shards: int, keyed: bytes = b"") -> Any:
    """One event, placed by this number of shards."""
    keys = shard.appending
    return await fcall(redis, "append", keys, WINDOW_MS, 1, 10, b"frame", keyed, "demo\0001", shards)


async def known(redis: Redis, shard: Shard, keyed: Sequence[bytes], projects: str) -> bytes:
    keys = [shard.index, shard.counters, shard.ledger]
    answer: bytes = await fcall(redis, "known", keys, WINDOW_MS, b"".join(keyed), projects)
    return answer


def keyed(key: bytes, payload: bytes = b"payload!") -> bytes:
    return b"\0\0" + key.ljust(16, b"-") + payload


async def test_raised_there_are_more_shards_and_those_before_are_remembered_for_two_windows(
    redis: Redis, made: Install
) -> None:
    seconds, _ = await redis.time()
    steps = await raise_to(redis, 5)
    now = await read_install(redis)
    assert steps == ["5 are to come", "the new shards are ready", "front doors learn it", "there are 5"]
    assert (now.id, now.shard_count, now.count_before, now.count_next) == (made.id, 5, 2, 0)
    assert 0 <= now.before_until - seconds * 1000 - 2 * WINDOW_MS < 60_000
    for shard in now.shards:
        assert [group["name"].decode() for group in await redis.xinfo_groups(shard.frames)] == [GROUP]
    assert [one.waiting for one in await read_progress(redis, now)] == [0] * 5


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
async def test_killed_after_any_step_it_goes_on_when_it_is_typed_again(
    redis: Redis, made: Install, killed_after: int
) -> None:
    await raise_to(redis, 4, most=killed_after)
    between = await read_install(redis)
    assert (between.shard_count, between.count_next) == (2, 4 if killed_after else 0)
    await raise_to(redis, 4)
    assert (await read_install(redis)).shard_count == 4
    assert await raise_to(redis, 4) == []
    assert made.id == (await read_install(redis)).id


async def test_a_fenced_shard_takes_only_what_was_placed_by_the_new_number(redis: Redis, made: Install) -> None:
    old, new = Shard(0), Shard(3)
    assert (await append(redis, old, 2))[0]
    await raise_to(redis, 4, most=3)
    for shard, shards in ((old, 2), (old, 3), (Shard(1), 2)):
        with pytest.raises(ResponseError, match=r"^RAISED 4$"):
            await append(redis, shard, shards, keyed(b"a"))
    assert [key async for key in redis.scan_iter(match="{s0?}:index:*")] == []
    assert await redis.xlen(old.frames) == 1
    assert (await append(redis, old, 4))[0]
    assert (await append(redis, new, 4))[0]
    assert made.shards[0] == old


async def test_a_fence_never_falls(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    assert [await fcall(redis, "fence", [shard.fence], count) for count in (4, 16, 8)] == [4, 16, 16]


async def test_a_shard_is_asked_what_it_knows_and_counts_it_as_duplicates(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    await append(redis, shard, 2, keyed(b"a"))
    (bucket,) = [key async for key in redis.scan_iter(match="{s00}:index:*")]
    await redis.pexpire(bucket, 1000)
    asked = [keyed(b"a"), keyed(b"b"), keyed(b"a", b"another!"), keyed(b"a")]
    assert await known(redis, shard, asked, "demo\x003\0shop\x001") == b"1021"
    assert await redis.pttl(bucket) > 1000  # a hit writes, so that WAITAOF vouches for it
    assert (await read_progress(redis, made))[0].counters == {"appended": 1, "duplicate": 3}
    (minute,) = [key async for key in redis.scan_iter(match="{s00}:ledger:[0-9]*")]
    counted: Any = redis
    assert await counted.hgetall(minute) == {b"demo:accepted": b"1", b"demo:duplicate": b"2", b"shop:duplicate": b"1"}


async def test_what_a_shard_does_not_know_leaves_no_trace(redis: Redis, made: Install) -> None:
    before = (await redis.info("replication"))["master_repl_offset"], await redis.dbsize()
    assert await known(redis, made.shards[0], [keyed(b"a"), keyed(b"b")], "demo\x002") == b"00"
    assert ((await redis.info("replication"))["master_repl_offset"], await redis.dbsize()) == before


async def test_the_number_is_not_raised_again_before_keys_of_before_are_forgotten(redis: Redis, made: Install) -> None:
    await raise_to(redis, 4)
    now = await read_install(redis)
    with pytest.raises(Refused, match=r"looked up in the 2 shards of then, until \d{4}-.*Z\. The next raise"):
        raising.check(now, 8)
    raw: Any = redis  # redis-py 5 types no number
    await raw.hset(INSTALL, "raised_at", now.before_until - 4 * WINDOW_MS - 1000)
    later = await read_install(redis)
    assert (later.count_before, later.before_until) == (0, 0)
    raising.check(later, 8)
    await raise_to(redis, 8)
    assert (await read_install(redis)).count_before == 4
    assert made.shard_count == 2


@pytest.mark.parametrize("count", [1, 2, MAX_SHARDS + 1])
async def test_shards_become_more_and_no_more_than_there_can_be(made: Install, count: int) -> None:
    with pytest.raises(Refused, match=r"There are 2 shards\. They can be raised to 256 at most"):
        raising.check(made, count)


async def test_a_raise_that_is_under_way_is_finished_first(redis: Redis, made: Install) -> None:
    await raise_to(redis, 4, most=1)
    between = await read_install(redis)
    with pytest.raises(Refused, match=r"It is being raised to 4\. Finish that first: headrace shards raise 4"):
        raising.check(between, 8)
    raising.check(between, 4)
    with pytest.raises(Refused, match="Somebody else raises"):
        await raise_to(redis, 8)
    assert (await read_install(redis)).shard_count == made.shard_count


async def test_of_two_who_raise_it_at_once_the_second_hears_so(redis: Redis, made: Install) -> None:
    await raise_to(redis, 4)
    with pytest.raises(Refused, match="Somebody else raises"):
        async for _ in raising.steps(redis, made, 8):
            pass
    assert (await read_install(redis)).count_next == 0


async def test_one_who_was_held_up_for_long_changes_nothing(redis: Redis, made: Install) -> None:
    steps = raising.steps(redis, made, 4)
    for _ in range(3):
        await anext(steps)
    await raise_to(redis, 4)
    before = await read_install(redis)
    assert [step async for step in steps] == ["there are 4"]
    assert await read_install(redis) == before


async def test_who_meets_a_fence_finishes_what_nobody_else_does(redis: Redis, made: Install) -> None:
    await raise_to(redis, 4, most=3)
    now = await raising.awaited(redis, 4)
    assert (now.shard_count, now.count_before, now.count_next) == (4, made.shard_count, 0)
    assert await raising.awaited(redis, 4) == now


async def test_an_installation_that_forgot_its_raise_is_raised_again_by_who_meets_a_fence(
    redis: Redis, made: Install
) -> None:
    await raise_to(redis, 4)
    raw: Any = redis  # redis-py 5 types no number
    await raw.hset(INSTALL, "shards", 2)  # as after a failover to an older replica
    await raw.hdel(INSTALL, "shards_before", "raised_at")
    assert await read_install(redis) == made
    assert (await raising.awaited(redis, 4)).shard_count == 4


async def test_a_build_that_knows_no_fence_appends_no_more_and_cannot_come_back(redis: Redis, made: Install) -> None:
    older = library().replace(LIBRARY, OLDER)
    await redis.execute_command("FUNCTION", "FLUSH")  # type: ignore[no-untyped-call]  # redis-py 5: untyped
    assert not await raising.older(redis)
    await redis.function_load(older, replace=True)  # type: ignore[misc]  # redis-py 5: awaitable or not
    assert await raising.older(redis)
    for _ in range(2):
        await raising.end_older(redis)
        assert not await raising.older(redis)
        raw: Any = redis
        with pytest.raises(ResponseError, match=r"^ENDED the shards were raised"):
            await raw.execute_command("FCALL", f"{OLDER}_append", 1, made.shards[0].frames)
        with pytest.raises(ResponseError, match=f"Function {OLDER}_(append|restore) already exists"):
            await raw.function_load(older, replace=True)
    await load_functions(redis)
    assert (await append(redis, made.shards[0], 2))[0]


async def test_shards_on_several_primaries_are_raised_where_they_lie(redis_url: str, primaries: Primaries) -> None:
    await raised_under_load(f"{redis_url} {primaries.url}")


async def test_shards_of_a_cluster_are_raised_where_they_lie(redis_url: str, nodes: Nodes) -> None:
    await raised_under_load(f"{redis_url} {nodes.url}")


async def raised_under_load(url: str) -> None:
    async with emptied(url) as redis:
        made = await install(redis, 3, 3600)
        some = [stamped(key=f"k{number}" if number % 2 else "", number=number) for number in range(40)]
        async with appending(url, made) as appender:
            assert set(await appender.append(some)) == {Verdict.NEW}
            assert (await raise_to(redis, 8))[-1] == "there are 8"
            assert Counter(await appender.append(some)) == {Verdict.NEW: 20, Verdict.DUPLICATE: 20}
        now = await read_install(redis)
        assert sum(one.waiting for one in await read_progress(redis, now)) == 60
        await raising.end_older(redis)
        assert not await raising.older(redis)


async def test_at_replica_a_fence_is_on_the_replica_before_the_number_is_raised() -> None:
    async with pair() as both:
        await both.together()
        await install(both.primary, 2, 3600, Level.REPLICA)
        assert (await raise_to(both.primary, 4))[-1] == "there are 4"
        assert await both.replica.mget(*(Shard(number).fence for number in range(3))) == [b"4", b"4", None]
        assert (await read_install(both.replica)).shard_count == 4
