"""What came late and was dropped is swept out of the streams and the index."""

import pytest

from ingest_api.moment import now_ms
from ingest_api.projects import tombstones
from ingest_api.projects.secret import secret
from tests.appending import append
from tests.workers.erasing.people import Person, traces
from tests.workers.history import History
from workers import kept
from workers.erasing.sweep import sweep

pytestmark = pytest.mark.stack


async def alive() -> None:
    """Nobody else works here."""


async def test_only_shards_that_dropped_something_are_swept_and_once(history: History, redis_url: str) -> None:
    ada, bob = Person(), Person()
    stone = tombstones.stone(await secret(history.redis), "demo", now_ms() + 60_000, users=[ada.user_id])
    await tombstones.put(history.redis, stone)
    assert await sweep(history.redis, history.made, alive) == 0
    await append(redis_url, history.made, [ada.did(key="a"), bob.did(key="b"), ada.did(), bob.did()])
    await history.drain()
    assert await traces(history.warehouse, history.redis, None, ada.user_id) != []
    assert await sweep(history.redis, history.made, alive) == 2
    assert await sweep(history.redis, history.made, alive) == 0
    assert await traces(history.warehouse, history.redis, None, ada.user_id) == []
    events = sum([await kept.tally(history.redis, shard, 0, 10**13) for shard in history.made.shards])
    keys = [key async for key in history.redis.scan_iter(match="*:index:*")]
    digests = sum([await history.redis.hlen(key) for key in keys])  # type: ignore[misc]  # redis-py 5: awaitable or not
    assert (events, digests) == (2, 1)
