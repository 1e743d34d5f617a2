"""One client for several servers."""

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError, WatchError

from ingest_api.servers import routing
from ingest_api.servers.routing import Routing
from ingest_api.stream import Redis, connect
from tests.topologies import Primaries
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
def both(several: Any) -> Any:
    """A client of three empty servers."""
    return several


async def held(client: Redis) -> list[set[bytes]]:
    """The keys of each server."""
    return [set(await one.keys()) for one in await routing.servers(client)]


def test_one_url_gives_redis_pys_own_client() -> None:
    assert type(connect("redis://127.0.0.1:1")) is Redis
    assert type(connect("redis+sentinel://127.0.0.1:1/shards")) is Redis


async def test_what_belongs_to_a_shard_lies_with_it_and_all_else_on_the_control_server(both: Any) -> None:
    await asyncio.gather(*(both.set(f"{{s{number:02d}}}:x", number) for number in range(4)), both.set("other", 9))
    assert await held(both) == [{b"other"}, {b"{s00}:x", b"{s02}:x"}, {b"{s01}:x", b"{s03}:x"}]
    assert await both.get("{s03}:x") == b"3"
    assert [routing.kind(both), len(await routing.holders(both))] == ["2", 2]


async def test_the_answers_of_a_pipeline_come_in_the_order_of_its_commands(both: Any) -> None:
    async with both.pipeline(transaction=False) as pipe:
        for number in range(6):
            pipe.set(f"{{s{number:02d}}}:x", number)
        pipe.set("other", 6)
        for number in (5, 0, 3):
            pipe.get(f"{{s{number:02d}}}:x")
        pipe.get("other")
        assert await pipe.execute() == [True] * 7 + [b"5", b"0", b"3", b"6"]


async def test_a_wrong_command_is_raised_or_stands_in_its_place(both: Any) -> None:
    for raises in (True, False):
        async with both.pipeline(transaction=False) as pipe:
            pipe.set("{s00}:x", "text").incr("{s00}:x").set("{s01}:x", 1)
            if raises:
                with pytest.raises(ResponseError, match="not an integer"):
                    await pipe.execute()
            else:
                done, wrong, other = await pipe.execute(raise_on_error=False)
                assert (done, type(wrong), other) == (True, ResponseError, True)


async def test_a_transaction_is_of_one_shard_and_says_which_keys_are_not(both: Any) -> None:
    async with both.pipeline(transaction=True) as pipe:
        pipe.set("{s01}:x", 1).incr("{s01}:x")
        assert await pipe.execute() == [True, 2]
    async with both.pipeline(transaction=True) as pipe:
        pipe.set("{s01}:x", 1).set("{s02}:y", 1)
        with pytest.raises(RedisError, match=r"\{s01\}:x.*\{s02\}:y"):
            await pipe.execute()
    assert await both.get("{s02}:y") is None


async def test_a_watched_key_is_watched_where_it_lies(both: Any) -> None:
    async def add(pipe: Any) -> None:
        count = int(await pipe.get("{s01}:x") or 0)
        await asyncio.sleep(0)
        pipe.multi()
        pipe.set("{s01}:x", count + 1)

    await asyncio.gather(*(both.transaction(add, "{s01}:x") for _ in range(5)))
    assert await both.get("{s01}:x") == b"5"
    async with both.pipeline(transaction=True) as pipe:
        await pipe.watch("{s01}:x")
        await both.set("{s01}:x", 9)
        pipe.multi()
        pipe.set("{s01}:x", 0)
        with pytest.raises(WatchError):
            await pipe.execute()
    assert await both.get("{s01}:x") == b"9"


async def test_a_pattern_is_looked_for_where_it_may_be_found(both: Any) -> None:
    for key in ("{s00}:x", "{s01}:x", "{s01}:y", "other:x"):
        await both.set(key, 1)

    async def found(pattern: str) -> list[bytes]:
        return sorted([key async for key in both.scan_iter(match=pattern)])

    assert await found("{s01}:*") == [b"{s01}:x", b"{s01}:y"]
    assert await found("{s[0-9]*}:*") == [b"{s00}:x", b"{s01}:x", b"{s01}:y"]
    assert await found("other:*") == [b"other:x"]
    assert await found("*:x") == [b"other:x", b"{s00}:x", b"{s01}:x"]


async def test_a_server_that_is_away_takes_only_its_own_answers_along(both: Any, primaries: Primaries) -> None:
    away = primaries.actor(await routing.at(both, 1))
    await away.kill()
    try:
        async with both.pipeline(transaction=False) as pipe:
            pipe.set("{s00}:x", 1).set("{s01}:x", 1).set("other", 1)
            first, lost, other = await pipe.execute(raise_on_error=False)
        assert (first, type(lost), other) == (True, RedisConnectionError, True)
        with pytest.raises(RedisConnectionError):
            await both.get("{s01}:x")
        assert await both.get("{s00}:x") == b"1"
    finally:
        await away.start()

    async def back() -> bool:
        try:
            return await both.get("{s01}:x") is None
        except RedisError:
            return False

    await until(back)


async def test_without_a_key_the_control_server_is_asked(both: Any) -> None:
    assert isinstance(both, Routing)
    control, *others = await routing.servers(both)
    await control.set("mine", 1)
    assert await both.dbsize() == 1
    async with both.client() as one:
        assert await one.get("mine") == b"1"
    assert await routing.holding(both, "mine") is control
    assert await routing.holding(both, "{s01}:x") is others[1]
