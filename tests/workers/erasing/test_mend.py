"""A frame of which something is erased: nothing of it stays, all else is where it was; on a real Redis."""

from typing import Any

import pytest

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.projects import tombstones
from ingest_api.stream import Install, Redis, Shard
from tests.workers.entries import event
from tests.workers.putting import BAD_FRAME, damaged, put_frame
from workers import kept
from workers.batch import Batch, decode
from workers.erasing.mend import NODE_BYTES, Mending
from workers.forgotten import Forgotten

pytestmark = pytest.mark.stack

SECRET = b"s" * 32
STONE = tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"])


def mending(unreadable: str = "") -> Mending:
    return Mending(Forgotten([STONE], SECRET), unreadable)


async def add(redis: Redis, shard: Shard, entry_id: str, events: list[Event], skip: bytes = b"") -> None:
    """A committed entry."""
    packed, size = frame.encode(events)
    live = len(events) - len(skip) // 2
    fields: dict[Any, Any] = {"f": packed, "n": live, "b": size, "p": f"{events[0].project}\0{len(events)}"}
    await redis.xadd(shard.frames, fields | ({"s": skip} if skip else {}), id=entry_id)
    await redis.set(shard.floor, entry_id)


async def mend(redis: Redis, shard: Shard, unreadable: str = "") -> int:
    return sum([number async for number in mending(unreadable).mend(redis, shard)])


async def tail(redis: Redis, shard: Shard) -> Batch:
    """As a replay reads it."""
    entries, _ = await kept.page(redis, shard, "-", "+", 1000)
    return decode(shard.number, entries)


@pytest.fixture
def shard(made: Install) -> Shard:
    """The first."""
    return made.shards[0]


async def test_what_stays_keeps_its_place_and_is_read_as_before(redis: Redis, shard: Shard) -> None:
    await add(redis, shard, "5-0", [event(1, user_id="bob")])
    some = [event(2, user_id="ada"), event(3, user_id="bob"), event(4, user_id="ada"), event(5, user_id="bob")]
    await add(redis, shard, "6-0", some, skip=b"\x00\x02\x00\x03")
    before = await kept.look(redis, shard)
    assert await mend(redis, shard) == 2
    found = await tail(redis, shard)
    assert [(one.event_id[-1], place.place) for one, place in zip(found.events, found.positions, strict=True)] == [
        (1, "5-0:0"),
        (3, "6-0:1"),
    ]
    assert (found.claimed, found.claims[1].skip, found.rejected) == (2, [0, 2, 3], [])
    assert await kept.tally(redis, shard, 0, 9) == 2
    assert await kept.look(redis, shard) == before
    assert await mend(redis, shard) == 0
    assert b"ada" not in b"".join([await redis.dump(key) or b"" for key in await redis.keys()])


async def test_neighbours_in_the_same_node_move_too_and_no_others(redis: Redis, shard: Shard) -> None:
    await redis.config_set("rdbcompression", "no")
    for number in range(400):
        who = "ada" if number == 200 else "bob"
        await add(redis, shard, f"{1000 + number}-0", [event(number, user_id=who, title=f"t{number}")])
    assert await mend(redis, shard) == 1
    assert b"ada" not in (await redis.dump(shard.frames) or b"")
    assert 0 < await redis.xlen(shard.mended) <= 2 * NODE_BYTES // 60 + 1
    found = await tail(redis, shard)
    assert [one.event_id[-2:] for one in found.events] == [
        number.to_bytes(2, "big") for number in range(400) if number != 200
    ]


async def test_a_stream_that_was_trimmed_is_whole_from_there_on(redis: Redis, shard: Shard) -> None:
    for number in range(6):
        await add(redis, shard, f"{number + 1}-0", [event(number, user_id="ada" if number in {2, 4} else "bob")])
    await redis.xtrim(shard.frames, minid="3-0", approximate=False)
    before = await kept.look(redis, shard)
    assert await mend(redis, shard) == 2
    assert await kept.look(redis, shard) == before
    assert (before.first, before.whole) == ((3, 0), False)
    entries, _ = await kept.page(redis, shard, "(3-0", "+", 2)
    assert [entry_id for entry_id, _ in entries] == [b"4-0", b"5-0"]


async def test_a_second_erasure_mends_what_was_mended(redis: Redis, shard: Shard) -> None:
    await add(redis, shard, "5-0", [event(1, user_id="ada"), event(2, user_id="bob"), event(3, user_id="eve")])
    await add(redis, shard, "6-0", [event(4, user_id="bob", title="x" * 5000)])
    assert await mend(redis, shard) == 1
    second = Mending(Forgotten([tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["bob"])], SECRET))
    assert sum([number async for number in second.mend(redis, shard)]) == 2
    assert [one.user_id for one in (await tail(redis, shard)).events] == ["eve"]
    assert (await kept.look(redis, shard)).whole


async def test_what_is_not_committed_and_other_projects_are_left_alone(redis: Redis, shard: Shard) -> None:
    await add(redis, shard, "5-0", [event(1, user_id="ada", project="other")])
    await add(redis, shard, "6-0", [event(2, user_id="ada")])
    await redis.set(shard.floor, "5-0")
    assert await mend(redis, shard) == 0
    assert [ids async for ids in mending().ids(redis, shard)] == [[], [("demo", event(2).event_id)]]
    await redis.delete(shard.floor)
    assert await mend(redis, shard) == 0


async def test_what_nobody_can_read_goes_only_when_that_was_ordered(redis: Redis, shard: Shard) -> None:
    packed, _ = frame.encode([event(1, name="mark"), event(2, user_id="bob")])
    await put_frame(redis, shard, damaged(packed), 2)
    await redis.set(shard.floor, await put_frame(redis, shard, BAD_FRAME, 3))
    assert await mend(redis, shard) == 0
    assert await mend(redis, shard, "other") == 0
    assert await mend(redis, shard, "demo") == 4
    found = await tail(redis, shard)
    assert ([one.user_id for one in found.events], found.rejected, found.claimed) == (["bob"], [], 1)
