"""One connection to a real Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import RedisError, ResponseError

from ingest_api.lane import Lane
from ingest_api.stream import Redis, connect

pytestmark = pytest.mark.stack


@pytest.fixture
async def lane(redis: Redis, redis_url: str) -> AsyncIterator[Lane]:
    """A lane that waits a second at most."""
    client = connect(redis_url, timeout=None)
    lane = Lane(client, 1.0)
    yield lane
    await lane.close()
    await client.aclose()


async def test_each_command_gets_its_answer_and_an_error_stands_in_its_place(lane: Lane) -> None:
    answers = await lane.call([("SET", "a", "1"), ("NONSENSE",), ("GET", "a")])
    assert (answers[0], answers[2]) == (b"OK", b"1")
    assert isinstance(answers[1], ResponseError)


async def test_an_answer_that_takes_too_long_is_given_up_and_belongs_to_no_later_call(lane: Lane) -> None:
    with pytest.raises(TimeoutError):
        await lane.call([("BLPOP", "nothing", 3)])
    assert await lane.call([("ECHO", "mine")]) == [b"mine"]


async def test_a_call_that_is_cancelled_leaves_no_answer_behind(lane: Lane) -> None:
    call = asyncio.ensure_future(lane.call([("BLPOP", "nothing", 3)]))
    await asyncio.sleep(0.05)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert await lane.call([("ECHO", "mine")]) == [b"mine"]


async def test_a_connection_that_was_cut_is_made_again(lane: Lane, redis: Redis) -> None:
    await lane.call([("PING",)])
    await redis.client_kill_filter(_type="normal", skipme=True)
    answers: list[object] = []
    for _ in range(2):  # the first may hear of the cut; the second is on a new connection
        try:
            answers = await lane.call([("PING",)])
        except (RedisError, OSError):
            continue
    assert answers == [b"PONG"]
