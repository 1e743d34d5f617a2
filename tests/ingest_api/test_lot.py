"""What one frame will hold."""

import asyncio

import pytest
from redis.exceptions import ResponseError

from ingest_api.errors import Unavailable
from ingest_api.lot import MAX_FRAME_BYTES, MAX_FRAME_EVENTS, Lot, Question, raised
from ingest_api.stream import LIBRARY, Shard
from tests.ingest_api.events import stamped


async def test_each_request_hears_of_its_own_keyed_events() -> None:
    lot, loop = Lot(Shard(0), 4), asyncio.get_running_loop()
    requests = [[stamped(key="a"), stamped(number=1)], [stamped(number=2)], [stamped(key="b"), stamped(key="c")]]
    futures = [loop.create_future() for _ in requests]
    for request, future in zip(requests, futures, strict=True):
        lot.add(request, 10, future)
    assert (len(lot.rows), len(lot.keyed), lot.size) == (5, 3, 30)
    lot.settle([b"1-0", b"012"])
    assert [future.result() for future in futures] == [b"0", b"", b"12"]


async def test_who_waits_for_what_was_not_written_hears_why() -> None:
    lot, future = Lot(Shard(0), 4), asyncio.get_running_loop().create_future()
    lot.add([stamped()], 1, future)
    lot.fail(Unavailable("later"))
    lot.settle([b"1-0", b""])  # nobody is told twice
    with pytest.raises(Unavailable, match="later"):
        future.result()


def test_a_frame_has_room_up_to_its_bounds() -> None:
    lot = Lot(Shard(0), 4)
    assert lot.has_room(MAX_FRAME_EVENTS, MAX_FRAME_BYTES)
    assert not lot.has_room(MAX_FRAME_EVENTS + 1, 1)
    assert not lot.has_room(1, MAX_FRAME_BYTES + 1)


@pytest.mark.parametrize(
    ("answer", "count"),
    [(ResponseError("RAISED 16"), 16), (ResponseError("ERR other"), 0), (b"RAISED 16", 0), (OSError("RAISED 16"), 0)],
)
def test_only_a_fence_names_another_number_of_shards(answer: object, count: int) -> None:
    assert raised(answer) == count


async def test_a_lot_says_by_how_many_shards_it_was_placed() -> None:
    lot, future = Lot(Shard(3), 8), asyncio.get_running_loop().create_future()
    lot.add([stamped(key="a"), stamped(number=1)], 1, future)
    _, function, keys, *rest = lot.command(60_000)
    assert (function, keys, rest[4]) == (f"{LIBRARY}_append", 5, "{s03}:count")
    assert rest[5 + 6] == 8


async def test_a_question_sends_keys_and_their_owners_and_tells_a_byte_for_each() -> None:
    lot, loop = Question(Shard(0), 4), asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(2)]
    lot.add([stamped(key="a"), stamped(key="b")], 2, futures[0])
    lot.add([stamped(key="c")], 1, futures[1])
    command = lot.command(60_000)
    assert command[1:6] == (f"{LIBRARY}_known", 3, "{s00}:index", "{s00}:counters", "{s00}:ledger")
    assert isinstance(command[7], bytes)
    assert (command[6], len(command[7]), command[8]) == (60_000, 3 * 26, "demo\x003")
    lot.settle(b"102")
    assert [future.result() for future in futures] == [b"10", b"2"]
