"""Halted shards, as the drain and the operator tell each other."""

import pytest

from ingest_api import halt
from ingest_api.halt import Halt
from ingest_api.stream import Install, Redis, install

pytestmark = pytest.mark.stack

TOLD = Halt(2, 1_795_000_000_000, "1-0:2-0:2", "half of it would be rejected")


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)


async def test_a_halted_shard_is_told_until_it_goes_on(redis: Redis, made: Install) -> None:
    assert await halt.read(redis, made) == []
    await halt.announce(redis, made.shards[2], TOLD)
    assert await halt.read(redis, made) == [TOLD]
    await halt.withdraw(redis, made.shards[2])
    assert await halt.read(redis, made) == []


async def test_what_nobody_repeats_is_forgotten(redis: Redis, made: Install) -> None:
    await halt.announce(redis, made.shards[2], TOLD)
    await halt.allow(redis, made.shards[2], TOLD)
    assert 0 < await redis.pttl(made.shards[2].halted) <= halt.FORGOTTEN_MS
    assert 0 < await redis.pttl(made.shards[2].allow) <= halt.WORD_MS


async def test_a_word_is_for_one_batch_of_one_shard_or_for_a_while(redis: Redis, made: Install) -> None:
    two, three = made.shards[2], made.shards[3]
    await halt.allow(redis, two, TOLD)
    assert [await halt.allowed(redis, shard, span) for shard in (two, three) for span in (TOLD.span, "another")] == [
        *(True, False, False, False)
    ]
    await halt.allow(redis, two, TOLD, for_ms=60_000)
    assert await halt.allowed(redis, two, "another")
    assert not await halt.allowed(redis, three, "another")
