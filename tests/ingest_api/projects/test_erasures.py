"""Erasures: how one goes from step to step, and when it is looked whether anything has come back."""

import pytest

from ingest_api.projects import erasures, tombstones
from ingest_api.projects.erasures import CHECK_AFTER_MS, CHECK_STEPS, DRY_STEPS, STEPS, Erasure
from ingest_api.projects.tombstones import Tombstone
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack

SECRET = b"s" * 32


def stone(project: str = "shop", made_at: int = 1000) -> Tombstone:
    return tombstones.stone(SECRET, project, made_at, users=["ada"])


async def order(redis: Redis, one: Tombstone, *, dry_run: bool = False) -> Erasure:
    return await erasures.order(redis, "user", one, dry_run=dry_run, unreadable=False)


async def run(redis: Redis, one: Erasure, now_ms: int) -> list[str]:
    """Make every step; which they were."""
    made = []
    while one.step:
        made.append(one.step)
        one.go_on(now_ms)
        await erasures.save(redis, one)
    return made


async def test_the_tombstone_stands_when_the_order_is_taken(redis: Redis) -> None:
    one = await order(redis, stone())
    assert await tombstones.read(redis) == (one.tombstone,)
    assert (await erasures.due(redis, 0), one.state) == ([one.id], "running")
    assert await erasures.get(redis, one.id) == one
    assert await erasures.get(redis, "none") is None


async def test_after_the_steps_it_is_looked_at_three_times(redis: Redis) -> None:
    one = await order(redis, stone())
    one.count("events", 3)
    assert await run(redis, one, 5000) == list(STEPS)
    assert (one.state, one.done_at, one.counts) == ("done", 5000, {"events": 3})
    for looks, after in enumerate(CHECK_AFTER_MS):
        assert await erasures.due(redis, 5000 + after - 1) == []
        assert await erasures.due(redis, 5000 + after) == [one.id]
        found = await erasures.get(redis, one.id)
        assert found is not None
        one = found
        assert (one.state, one.found) == ("checking", {})
        one.count("events", looks)
        assert await run(redis, one, 9000 + after) == list(CHECK_STEPS)
        assert [check.found for check in one.checks] == [{"events": number} for number in range(looks + 1)]
    assert (await erasures.due(redis, 10**15), one.counts, one.done_at) == ([], {"events": 3}, 5000)


async def test_a_dry_run_sets_up_nothing_and_is_not_looked_at_again(redis: Redis) -> None:
    one = await order(redis, stone(), dry_run=True)
    assert await tombstones.read(redis) == ()
    assert await run(redis, one, 5000) == list(DRY_STEPS)
    assert await erasures.due(redis, 10**15) == []


async def test_what_waits_says_why_until_it_goes_on(redis: Redis) -> None:
    one = await order(redis, stone())
    one.problem = "a shard is halted"
    assert one.state == "waiting"
    one.go_on(1)
    assert (one.state, one.problem) == ("running", "")


async def test_a_project_sees_its_own_the_latest_first(redis: Redis) -> None:
    made = [await order(redis, stone(project, at)) for project, at in (("shop", 1), ("other", 2), ("shop", 3))]
    assert await erasures.of(redis, "shop") == [made[2], made[0]]
