"""One connection to a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from ingest_api.durability import Level, NotDurable
from ingest_api.lane import Lane, lane_at
from ingest_api.stream import Redis, connect
from tests.ingest_api.pair import pair
from tests.waiting import until

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


async def test_a_server_is_asked_how_durable_it_is_before_it_gets_the_first_write(redis: Any, redis_url: str) -> None:
    client = connect(redis_url, timeout=None)
    checked = lane_at(Level.DISK, client, 5.0)
    await redis.config_set("appendfsync", "everysec")
    with pytest.raises(NotDurable, match="appendfsync everysec"):
        await checked.call([("SET", "a", "1")])
    await redis.config_set("appendfsync", "always")
    assert await redis.get("a") is None
    assert await checked.call([("SET", "a", "1"), ("GET", "a")]) == [b"OK", b"1"]
    await checked.close()
    await client.aclose()


async def test_at_replica_a_call_returns_once_the_replica_has_it_and_fails_while_the_link_is_cut() -> None:
    async with pair() as both:
        await both.together()
        client = connect(both.url, timeout=None)
        sealed = lane_at(Level.REPLICA, client, 10.0)
        assert await sealed.call([("SET", "a", "1")]) == [b"OK"]
        assert await both.replica.get("a") == b"1"
        both.cut()
        for _ in range(2):  # again: a write that says the same is a write
            with pytest.raises(NotDurable, match="No replica has put a write on its disk"):
                await sealed.call([("PEXPIRE", "a", 60_000)])
        lost = asyncio.ensure_future(sealed.call([("PEXPIRE", "a", 60_000)]))

        async def waiting() -> bool:
            return bool((await both.primary.info("clients"))["blocked_clients"])

        await until(waiting)
        await both.primary.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(RedisConnectionError):  # and no other connection is asked, which knows nothing of the write
            await lost
        both.mend()

        async def written() -> bool:
            try:
                return await sealed.call([("PEXPIRE", "a", 60_000)]) == [1]
            except RedisError:
                return False

        assert await until(written, within=30)
        await sealed.close()
        await client.aclose()
