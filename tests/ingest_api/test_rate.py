"""Token buckets: never more than the rate and its refill, whoever asks and however often."""

import asyncio
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import pytest
import redis as redis_sync
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisAway

from deploy.local.ports import free_port
from ingest_api import rate as module
from ingest_api.rate import LIBRARY, PREFIX, Limiter, Quota
from ingest_api.stream import Redis, connect
from tests.waiting import until

pytestmark = pytest.mark.stack

MINUTE = 60_000_000  # microseconds


async def calls(redis: Redis) -> int:
    """How often functions were called on this server."""
    stats: Any = await redis.info("commandstats")
    return int(stats.get("cmdstat_fcall", {"calls": 0})["calls"])


async def now_us(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1_000_000 + int(microseconds)


def full_in(quota: Quota, now: int) -> float:
    """Seconds until the bucket is full."""
    return quota.reset_at - now / 1_000_000


@pytest.mark.parametrize("rate", [40, 6000])
async def test_two_processes_and_eight_clients_take_the_rate_and_its_refill_and_no_event_more(
    redis: Redis, redis_url: str, rate: int
) -> None:
    other = connect(redis_url)
    limiters = Limiter(redis), Limiter(other)
    begin = await now_us(redis)

    async def client(limiter: Limiter) -> int:
        quotas = [await limiter.spend("shared", rate, 1 + turn % 3) for turn in range(rate // 4)]
        return sum(1 + turn % 3 for turn, quota in enumerate(quotas) if quota.allowed)

    taken = sum(await asyncio.gather(*(client(limiters[number % 2]) for number in range(8))))
    elapsed = await now_us(redis) - begin
    await other.aclose()
    assert rate <= taken <= rate + elapsed * rate // MINUTE


async def test_more_clients_at_once_than_connections_wait_for_one_and_none_fails(redis: Redis) -> None:
    limiter = Limiter(redis)
    quotas = await asyncio.gather(*(limiter.spend("crowd", 1000, 1) for _ in range(500)))
    assert all(quota.allowed for quota in quotas)


async def test_a_quota_says_what_is_left_and_when_the_bucket_is_full_again(redis: Redis) -> None:
    limiter, now = Limiter(redis), await now_us(redis)
    quota = await limiter.spend("a", 60, 20)
    assert (quota.allowed, quota.limit, quota.remaining, quota.retry_after) == (True, 60, 40, 0)
    assert 20 <= full_in(quota, now) < 25
    assert quota.headers() == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "40",
        "X-RateLimit-Reset": str(quota.reset_at),
    }


async def test_a_refusal_takes_nothing_and_says_when_to_come_back(redis: Redis) -> None:
    limiter = Limiter(redis)
    await limiter.spend("a", 60, 50)
    refused = await limiter.spend("a", 60, 25)
    assert not refused.allowed
    assert 10 <= refused.remaining <= 11
    assert 14 <= refused.retry_after <= 15
    assert refused.headers()["Retry-After"] == str(refused.retry_after)
    assert (await limiter.spend("a", 60, 10)).allowed


async def test_more_than_a_minute_s_worth_never_fits(redis: Redis) -> None:
    limiter = Limiter(redis)
    never = await limiter.spend("a", 60, 61)
    assert (never.allowed, never.remaining, never.retry_after) == (False, 60, 60)
    assert (await limiter.spend("a", 60, 60)).remaining == 0
    emptied = await limiter.spend("a", 60, 61)
    assert (emptied.allowed, emptied.retry_after) == (False, 60)


async def test_an_empty_bucket_is_refused_without_redis_until_it_has_refilled(redis: Redis) -> None:
    limiter, rate = Limiter(redis), 600
    await limiter.spend("a", rate, rate)
    assert not (await limiter.spend("a", rate, 20)).allowed
    before = await calls(redis)
    flood = [await limiter.spend("a", rate, 20) for _ in range(100)]
    assert await calls(redis) == before
    assert {(quota.allowed, quota.retry_after) for quota in flood} == {(False, 2)}

    async def fits() -> bool:
        return (await limiter.spend("a", rate, 20)).allowed

    assert await until(fits)
    assert await calls(redis) <= before + 2, "one call that fits, one more where the clocks differ"


async def test_a_changed_rate_counts_at_once(redis: Redis) -> None:
    limiter = Limiter(redis)
    assert (await limiter.spend("a", 60, 60)).allowed
    assert not (await limiter.spend("a", 60, 1)).allowed
    raised = await limiter.spend("a", 600, 40)
    assert raised.allowed
    assert 500 <= raised.remaining <= 510
    lowered = await limiter.spend("a", 6, 6)
    assert (lowered.allowed, lowered.remaining) == (False, 0)
    assert 50 <= lowered.retry_after <= 60


async def test_buckets_are_apart(redis: Redis) -> None:
    limiter = Limiter(redis)
    assert not (await limiter.spend("a", 1, 1)).remaining
    assert not (await limiter.spend("a", 1, 1)).allowed
    assert (await limiter.spend("b", 1, 1)).allowed


async def test_an_idle_bucket_vanishes(redis: Redis) -> None:
    await Limiter(redis).spend("a", 60, 1)
    assert 60_000 < await redis.pttl(f"{PREFIX}a") <= 61_000


async def test_only_so_many_empty_buckets_are_remembered(redis: Redis) -> None:
    limiter = Limiter(redis, remembered=2)
    for bucket in ("a", "b", "c"):
        await limiter.spend(bucket, 1, 1)
        await limiter.spend(bucket, 1, 1)
    before = await calls(redis)
    assert not (await limiter.spend("c", 1, 1)).allowed
    assert await calls(redis) == before
    assert not (await limiter.spend("a", 1, 1)).allowed
    assert await calls(redis) == before + 1


async def test_a_server_that_lost_the_library_gets_it_again(redis: Redis) -> None:
    limiter = Limiter(redis)
    await limiter.spend("a", 60, 1)
    await cast("Any", redis.function_delete(LIBRARY))  # redis-py 5 types it as "awaitable or not"
    assert (await limiter.spend("a", 60, 1)).allowed


async def test_without_redis_nobody_is_let_in_or_refused() -> None:
    away = connect(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(RedisAway):
        await Limiter(away).spend("a", 60, 1)
    await away.aclose()


@pytest.fixture(scope="module")
def server(redis_url: str) -> Iterator[Any]:
    """A plain client of a server that has the library."""
    with redis_sync.Redis.from_url(redis_url) as client:
        client.function_load((Path(module.__file__).with_suffix(".lua")).read_text(), replace=True)
        yield client


def model(spent: Fraction, elapsed: int, rate: int, count: int) -> tuple[bool, Fraction]:
    """The bucket in plain arithmetic of events: what was taken, and what is spent then."""
    left = max(Fraction(0), min(spent, Fraction(rate)) - Fraction(max(0, elapsed) * rate, MINUTE))
    return (True, left + count) if left + count <= rate else (False, left)


STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(-10, 2_000_000), st.integers(0, 2 * MINUTE)),
        st.sampled_from([1, 7, 60, 999_983, 100_000_000]),
        st.one_of(st.integers(0, 10), st.integers(0, 10_000)),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(1_600_000_000_000_000, 2_000_000_000_000_000), STEPS)
def test_the_function_keeps_the_same_books_as_plain_arithmetic(
    server: Any, start: int, steps: list[tuple[int, int, int]]
) -> None:
    server.delete("model")
    spent, written, now = Fraction(0), start, start
    for elapsed, rate, count in steps:
        now += elapsed
        taken, after = model(spent, now - written, rate, count)
        answer = server.fcall(f"{LIBRARY}_spend", 1, "model", rate, count, now)
        assert answer == [int(taken), after * MINUTE, now]
        if taken:
            spent, written = after, now


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 1000), st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_the_rate_and_its_refill(server: Any, rate: int, pauses: list[int]) -> None:
    server.delete("window")
    now, taken_at = 1_800_000_000_000_000, []
    for pause in pauses:
        now += pause
        count = max(1, rate // 4)
        if server.fcall(f"{LIBRARY}_spend", 1, "window", rate, count, now)[0]:
            taken_at.append(now)
        for first, begin in enumerate(taken_at):
            taken = len(taken_at[first:]) * count
            assert taken <= rate + Fraction((taken_at[-1] - begin) * rate, MINUTE)
