"""What a stream still holds, on a real Redis."""

import pytest

from ingest_api.stream import Install, Redis
from tests.workers.entries import event
from tests.workers.putting import put
from workers import kept
from workers.kept import Kept

pytestmark = pytest.mark.stack


async def add(redis: Redis, made: Install, *ids: str, events: int = 1) -> None:
    """Entries of shard 0."""
    for entry_id in ids:
        fields = {"f": b"x", "n": events, "b": 1}
        await redis.xadd(made.shards[0].frames, fields, id=entry_id)  # type: ignore[arg-type]  # redis-py 5: keys and values invariant


async def trim(redis: Redis, made: Install, minid: str) -> None:
    """Drop the entries below this one."""
    await redis.xtrim(made.shards[0].frames, minid=minid, approximate=False)


async def test_a_stream_is_whole_until_something_is_dropped_from_it(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    assert await kept.look(redis, shard) == Kept((0, 1), whole=True, empty=True)
    await add(redis, made, "5-1", "6-0", "6-1")
    assert await kept.look(redis, shard) == Kept((5, 1), whole=True, empty=False)
    await trim(redis, made, "6-0")
    assert await kept.look(redis, shard) == Kept((6, 0), whole=False, empty=False)
    await trim(redis, made, "7-0")
    assert await kept.look(redis, shard) == Kept((6, 2), whole=False, empty=True)


async def test_a_page_holds_the_entries_as_the_drain_gets_them(redis: Redis, made: Install) -> None:
    entry_id = await put(redis, made.shards[0], [event(1), event(2)], skip=b"\0\1")
    ((found, flat),), there = await kept.page(redis, made.shards[0], "0", "+", 10)
    assert (found.decode(), there.first) == (entry_id, kept.halves(found))
    assert flat is not None
    assert dict(zip(flat[::2], flat[1::2], strict=True))[b"s"] == b"\0\1"


async def test_pages_follow_each_other(redis: Redis, made: Install) -> None:
    await add(redis, made, *(f"{ms}-0" for ms in range(1, 8)))
    first, _ = await kept.page(redis, made.shards[0], "2", "6-0", 3)
    second, _ = await kept.page(redis, made.shards[0], f"({first[-1][0].decode()}", "6-0", 3)
    assert [kept.halves(entry_id)[0] for entry_id, _ in first + second] == [2, 3, 4, 5, 6]


async def test_the_events_of_a_time_are_counted_where_they_lie(redis: Redis, made: Install) -> None:
    await add(redis, made, *(f"{ms}-0" for ms in range(1, 201)), events=3)
    await add(redis, made, "200-1", "201-0", events=5)
    assert await kept.tally(redis, made.shards[0], 1, 200) == 605
    assert await kept.tally(redis, made.shards[0], 100, 100) == 3
    assert await kept.tally(redis, made.shards[0], 300, 400) == 0
    assert await kept.tally(redis, made.shards[3], 1, 200) == 0
