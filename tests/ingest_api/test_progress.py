"""Lag and freshness."""

import pytest

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import Redis, install
from tests.appending import append
from tests.ingest_api.events import stamped


def test_with_nothing_waiting_answers_are_complete_up_to_now() -> None:
    idle = ShardProgress(0, now=5000, oldest=0, owner="", floor="0-0", counters={})
    assert (idle.fresh_through, idle.lag_seconds, idle.waiting) == (5000, 0.0, 0)


def test_with_something_waiting_they_are_complete_up_to_the_oldest() -> None:
    busy = ShardProgress(0, 5000, 3500, "", "0-0", {"appended": 10, "stored": 4, "rejected": 1, "repeated": 2})
    assert (busy.fresh_through, busy.lag_seconds, busy.waiting) == (3500, 1.5, 3)


@pytest.mark.stack
async def test_progress_is_read_from_every_shard(redis: Redis, redis_url: str) -> None:
    made = await install(redis, 4, 3600)
    assert [shard.oldest for shard in await read_progress(redis, made)] == [0] * 4
    await append(redis_url, made, [stamped(key=str(i), number=i) for i in range(100)])
    progress = await read_progress(redis, made)
    assert sum(shard.waiting for shard in progress) == 100
    assert all(0 < shard.oldest <= shard.now for shard in progress)
