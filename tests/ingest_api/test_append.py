"""Group commit, on a real Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from ingest_api import frame
from ingest_api.append import MAX_FRAME_EVENTS, MAX_WRITES, Appender, verdict
from ingest_api.dialect import Verdict
from ingest_api.durability import Level
from ingest_api.errors import Unavailable
from ingest_api.stream import Install, Redis, connect, install
from tests.ingest_api.events import stamped
from tests.ingest_api.pair import pair
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)


@pytest.fixture
async def appender(redis_url: str, made: Install) -> AsyncIterator[Appender]:
    """A running appender that holds a megabyte at most."""
    redis = connect(redis_url, timeout=None)
    appender = Appender(redis, made, max_pending_bytes=1_000_000)
    running = asyncio.ensure_future(appender.run())
    yield appender
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await redis.aclose()


async def entries(redis: Redis, made: Install) -> list[dict[bytes, bytes]]:
    """Every entry of every shard."""
    return [fields for shard in made.shards for _, fields in await redis.xrange(shard.frames)]


async def test_requests_that_arrive_together_share_frames(appender: Appender, redis: Redis, made: Install) -> None:
    futures = [appender.append_one(stamped(number=i)) for i in range(500)]
    assert {verdict(answer) for answer in await asyncio.gather(*futures)} == {Verdict.NEW}
    written = await entries(redis, made)
    assert sum(int(fields[b"n"]) for fields in written) == 500
    assert len(written) <= 5


async def test_the_unkeyed_events_of_one_request_lie_in_one_frame(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await appender.append([stamped(number=i) for i in range(300)])
    assert [int(fields[b"n"]) for fields in await entries(redis, made)] == [300]


async def test_equal_keys_meet_in_one_shard_and_only_the_first_is_written(
    appender: Appender, redis: Redis, made: Install
) -> None:
    verdicts = await appender.append([stamped(key=f"k{i % 10}", number=i) for i in range(50)])
    assert Counter(verdicts) == {Verdict.NEW: 10, Verdict.DUPLICATE: 40}
    assert verdicts[:10] == [Verdict.NEW] * 10
    assert sum(int(fields[b"n"]) for fields in await entries(redis, made)) == 10


async def test_a_reused_key_with_other_content_is_told(appender: Appender) -> None:
    assert await appender.append([stamped(key="a"), stamped(key="a", raw=b"other")]) == [
        Verdict.NEW,
        Verdict.MISMATCH,
    ]
    assert verdict(await appender.append_one(stamped(key="a", raw=b"third"))) is Verdict.MISMATCH


async def test_keyed_and_unkeyed_events_of_one_request_are_answered_in_order(appender: Appender) -> None:
    mixed = [stamped(key="a"), stamped(number=1), stamped(key="a"), stamped(number=2), stamped(key="b")]
    new, duplicate = Verdict.NEW, Verdict.DUPLICATE
    assert await appender.append(mixed) == [new, new, duplicate, new, new]


async def test_a_frame_stays_below_its_bound_unless_one_request_is_larger(
    appender: Appender, redis: Redis, made: Install
) -> None:
    small = Install(made.id, 1, made.window_ms)
    groups = [[stamped(number=i) for i in range(3000)] for _ in range(3)] + [[stamped(number=1)] * 5000]
    appender._shards = small.shards  # all into one shard
    await asyncio.gather(*(appender.append(group) for group in groups))
    counts = [int(fields[b"n"]) for fields in await entries(redis, made)]
    assert sorted(counts) == [3000, 3000, 3000, 5000]
    assert all(count <= MAX_FRAME_EVENTS or count == 5000 for count in counts)


async def test_more_than_the_process_may_hold_is_refused_at_once(appender: Appender) -> None:
    big = stamped(number=1, raw=b"x" * 200_000)
    futures = [appender.append_one(big) for _ in range(8)]
    answers = await asyncio.gather(*futures, return_exceptions=True)
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 3
    assert verdict(await appender.append_one(big)) is Verdict.NEW


async def test_a_redis_that_refuses_writes_nothing_and_is_asked_again_later(
    appender: Appender, redis: Redis, made: Install
) -> None:
    await redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(Unavailable):
            await appender.append([stamped(key="a"), stamped(key="b"), stamped(number=1)])
        with pytest.raises(Unavailable):
            await appender.append_one(stamped(key="a"))
    finally:
        await redis.config_set("maxmemory", "512mb")
    assert await entries(redis, made) == []
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW


async def test_a_server_that_lost_the_library_gets_it_back(appender: Appender, redis: Redis) -> None:
    await redis.execute_command("FUNCTION", "FLUSH")  # type: ignore[no-untyped-call]  # redis-py 5: untyped
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW


async def test_connections_cut_between_writes_cost_no_event(appender: Appender, redis: Redis, made: Install) -> None:
    assert verdict(await appender.append_one(stamped(key="a"))) is Verdict.NEW
    await redis.client_kill_filter(_type="normal", skipme=True)
    tries = 0
    while tries < 10:
        tries += 1
        try:
            await appender.append_one(stamped(key="b"))
            break
        except Unavailable:
            continue
    written = [row for fields in await entries(redis, made) for row in frame.decode(fields[b"f"])]
    assert len(written) == 2
    assert tries <= 4


async def test_at_replica_a_duplicate_is_as_unsure_as_the_first_until_the_replica_has_both() -> None:
    async with pair() as both:
        await both.together()
        made = await install(both.primary, 4, 3600, Level.REPLICA)
        redis = connect(both.url, timeout=None)
        appender = Appender(redis, made, max_pending_bytes=1_000_000)
        running = asyncio.ensure_future(appender.run())
        for number in range(MAX_WRITES):  # so that every lane is connected: a new one would ask before it writes
            assert verdict(await appender.append_one(stamped(key=f"before-{number}"))) is Verdict.NEW
        both.cut()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await appender.append_one(stamped(key="a"))
        assert len(await entries(both.primary, made)) == MAX_WRITES + 1
        both.mend()

        async def told() -> object:
            try:
                return verdict(await appender.append_one(stamped(key="a"))).name
            except Unavailable:
                return None

        assert await until(told, within=30) == "DUPLICATE"
        assert await entries(both.replica, made) == await entries(both.primary, made)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()
