"""Claims on a real Redis."""

import asyncio

import pytest

from ingest_api.stream import Redis
from workers.claim import claimed, done

pytestmark = pytest.mark.stack


async def test_one_at_a_time_has_it(redis: Redis) -> None:
    async with claimed(redis, "c", 60) as mine:
        assert mine is not None
        async with claimed(redis, "c", 60) as other:
            assert other is None
        assert await redis.exists("c"), "who did not get it does not end it"
    assert not await redis.exists("c")


async def test_what_was_found_out_counts_while_the_claim_is_ones_own(redis: Redis) -> None:
    async with claimed(redis, "c", 60) as mine:
        assert mine is not None
        assert await mine.commit(lambda pipe: pipe.set("found", 1))
        assert not await mine.commit(lambda pipe: pipe.set("found", 2))
    assert await redis.get("found") == b"1"


async def test_who_was_too_slow_writes_nothing(redis: Redis) -> None:
    async with claimed(redis, "c", 60) as slow:
        assert slow is not None
        await redis.delete("c")  # its time is over
        async with claimed(redis, "c", 60) as faster:
            assert faster is not None
            assert not await slow.commit(lambda pipe: pipe.set("found", 1))
            assert await faster.commit(lambda pipe: pipe.set("found", 2))
    assert await redis.get("found") == b"2"


async def test_a_claim_ends_with_an_error_and_by_itself(redis: Redis) -> None:
    with pytest.raises(ValueError, match="oops"):
        async with claimed(redis, "c", 60):
            raise ValueError("oops")
    assert not await redis.exists("c")
    async with claimed(redis, "c", 60):
        assert 0 < await redis.ttl("c") <= 60


async def test_one_that_failed_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> bool:
        raise RuntimeError("oops")

    found = await asyncio.gather(fail(), asyncio.sleep(0, result=True), return_exceptions=True)
    assert [done(one) for one in found] == [False, True]
    assert "one of several failed" in caplog.text
