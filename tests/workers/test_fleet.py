"""Workers share the shards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.stream import Install, Redis, connect
from tests.waiting import until
from workers.fleet import Fleet, share
from workers.settings import Settings


def test_an_address_that_cannot_be_used_ends_the_worker_at_once() -> None:
    with pytest.raises(ValueError, match="HEADRACE_CLICKHOUSE_URL"):
        Fleet(connect("redis://127.0.0.1:1/0"), Settings(clickhouse_url="nonsense"))


@given(st.integers(1, 256), st.integers(1, 50))
def test_shares_add_up_and_differ_by_one_at_most(shards: int, workers: int) -> None:
    names = [str(number) for number in range(workers)]
    shares = [share(shards, names, name) for name in names]
    assert sum(shares) == shards
    assert max(shares) - min(shares) <= 1


async def owners(redis: Redis, made: Install) -> list[str]:
    """Who holds each shard; empty where nobody does."""
    return [(await redis.get(shard.lease) or b"").decode() for shard in made.shards]


@pytest.mark.stack
async def test_a_worker_that_joins_gets_its_share_and_one_that_leaves_gives_it_back(
    redis: Redis, made: Install, settings: Settings
) -> None:
    first, second = Fleet(redis, settings), Fleet(redis, settings)

    async def held(by: dict[str, int]) -> bool:
        now = await owners(redis, made)
        return all(now.count(name) == count for name, count in by.items())

    first.start()
    await until(lambda: held({first.id: 4}))
    second.start()
    await until(lambda: held({first.id: 2, second.id: 2}))
    await first.stop()
    await until(lambda: held({second.id: 4}))
    await second.stop()
    assert await owners(redis, made) == [""] * 4


@pytest.mark.stack
async def test_the_shards_of_a_worker_that_fell_silent_are_taken_over(
    redis: Redis, made: Install, settings: Settings
) -> None:
    for shard in made.shards:
        await redis.set(shard.lease, "a worker that was killed", px=int(settings.lease_seconds * 1000))
    fleet = Fleet(redis, settings)
    fleet.start()

    async def all_mine() -> bool:
        return await owners(redis, made) == [fleet.id] * 4

    await until(all_mine)
    await fleet.stop()
