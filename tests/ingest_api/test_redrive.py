"""Rejected events put back, each once."""

from typing import Any, cast

import msgspec
import pytest
from redis.exceptions import ResponseError

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.progress import read_progress
from ingest_api.redrive import MAX_EVENTS, Rejected, put_back
from ingest_api.stream import Install, Redis, install
from tests.raised import raised

pytestmark = pytest.mark.stack


@pytest.fixture
async def made(redis: Redis) -> Install:
    """An installation of four shards."""
    return await install(redis, 4, 3600)


def event(number: int, project: str = "demo") -> Event:
    return Event(number.to_bytes(16, "big"), project, "signup", 1, 1)


def rejected(number: int, project: str = "demo", place: int = 0) -> Rejected:
    one = event(number, project)
    return Rejected((0, 1000, place, number), project, one.event_id, msgspec.msgpack.encode(one))


async def entries(redis: Redis, made: Install) -> list[dict[bytes, bytes]]:
    """The fields of every entry."""
    return [fields for shard in made.shards for _, fields in await redis.xrange(shard.frames)]


async def ids(redis: Redis, made: Install) -> list[int]:
    """The numbers of the events in the streams, without those of skip lists."""
    found = []
    for fields in await entries(redis, made):
        skip = fields[b"s"]
        skipped = {int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)}
        for place, one in enumerate(frame.decode(fields[b"f"])):
            if place not in skipped:
                assert isinstance(one, Event)
                found.append(int.from_bytes(one.event_id, "big"))
    return sorted(found)


async def test_events_are_put_back_as_they_were_and_counted_as_appended(redis: Redis, made: Install) -> None:
    some = [rejected(number, "demo" if number % 2 else "other") for number in range(20)]
    assert await put_back(redis, made, some) == 20
    assert await ids(redis, made) == list(range(20))
    assert sum(one.waiting for one in await read_progress(redis, made)) == 20
    assert {fields[b"p"].partition(b"\0")[0] for fields in await entries(redis, made)} == {b"demo", b"other"}
    assert all(fields[b"r"] == b"1" for fields in await entries(redis, made))


async def test_what_was_put_back_before_a_raise_is_not_put_back_after_it(redis: Redis, made: Install) -> None:
    some = [rejected(number) for number in range(20)]
    whole = Rejected((1, 1, 0, 1), "demo", b"w" * 16, b"no frame", whole=True, events=3)
    assert await put_back(redis, made, [*some, whole]) == 21
    now = await raised(redis, 7)
    with pytest.raises(ResponseError, match=r"^RAISED 7"):
        await put_back(redis, made, [rejected(number) for number in range(20, 24)])
    assert await put_back(redis, now, [*some, whole, rejected(20)]) == 1
    assert [one.counters.get("duplicate") for one in await read_progress(redis, now)] == [None] * 7


async def test_what_was_put_back_is_not_put_back_twice_in_whatever_company(redis: Redis, made: Install) -> None:
    assert await put_back(redis, made, [rejected(number) for number in range(20)]) == 20
    assert await put_back(redis, made, [rejected(number) for number in range(10, 30)]) == 10
    assert await put_back(redis, made, [rejected(number) for number in range(30)]) == 0
    assert await ids(redis, made) == list(range(30))


async def test_an_event_that_was_rejected_once_more_lies_elsewhere_and_may_be_put_back_again(
    redis: Redis, made: Install
) -> None:
    assert await put_back(redis, made, [rejected(1)]) == 1
    assert await put_back(redis, made, [rejected(1, place=7)]) == 1
    assert await ids(redis, made) == [1, 1]


async def test_a_whole_frame_is_put_back_with_its_skip_list_and_unread(redis: Redis, made: Install) -> None:
    packed, _ = frame.encode([event(1), event(2), event(3)])
    whole = Rejected((2, 1000, 0, 0), "demo", bytes(16), packed, whole=True, events=2, skip=b"\0\1")
    strange = Rejected((2, 1001, 0, 0), "", bytes(16), b"\x09zdamaged", whole=True, events=7)
    assert await put_back(redis, made, [whole, strange]) == 2
    assert await put_back(redis, made, [whole, strange]) == 0
    found = {fields[b"f"]: fields for fields in await entries(redis, made)}
    assert found.keys() == {packed, b"\x09zdamaged"}
    assert (found[packed][b"n"], found[packed][b"s"], found[packed][b"p"]) == (b"2", b"\0\1", b"demo\x003")
    assert (found[strange.raw][b"n"], found[strange.raw][b"p"]) == (b"7", b"")


async def test_many_events_travel_in_frames_of_a_bounded_size(redis: Redis, made: Install) -> None:
    many = [rejected(number) for number in range(4 * MAX_EVENTS + 1)]
    assert await put_back(redis, made, many) == len(many)
    counts = [int(fields[b"n"]) for fields in await entries(redis, made)]
    assert (sum(counts), max(counts) <= MAX_EVENTS) == (len(many), True)


async def test_a_server_that_lost_the_library_gets_it_back(redis: Redis, made: Install) -> None:
    await cast("Any", redis).function_flush()
    assert await put_back(redis, made, [rejected(1)]) == 1
    assert await put_back(redis, made, []) == 0
