"""`headrace shards`, on a real Redis."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingest_api import fault, raising
from ingest_api.stream import LIBRARY, Install, Redis, install, library, read_install
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


@pytest.fixture
async def made(redis: Redis) -> AsyncIterator[Install]:
    """An installation of two shards, whose Redis has the functions of no other version, also afterwards."""
    raw: Any = redis
    await raw.execute_command("FUNCTION", "FLUSH")
    yield await install(redis, 2, 86_400)
    await raw.execute_command("FUNCTION", "FLUSH")


async def test_it_shows_how_many_there_are(operator: Headrace, made: Install) -> None:
    ended = await operator("shards")
    assert (ended.code, ended.out) == (0, "2 shards.\n")
    ended = await operator("shards", "--json")
    assert ended.document == {"shards": made.shard_count, "before": None, "before_until": None, "coming": None}


async def test_raised_it_tells_what_holds_and_until_when(operator: Headrace, made: Install, redis: Redis) -> None:
    ended = await operator("shards", "raise", "6", "--yes")
    assert (ended.code, ended.err.splitlines()) == (
        0,
        ["6 are to come ...", "the new shards are ready ...", "front doors learn it ...", "there are 6 ..."],
    )
    assert ended.out.startswith("6 shards.\nKeys that were sent before the last raise are looked up in the 2 shards of")
    assert (await read_install(redis)).shard_count == 6
    ended = await operator("shards", "raise", "6", "--yes", "--json")
    assert (ended.code, ended.document["shards"], ended.document["before"]) == (0, 6, made.shard_count)
    ended = await operator("shards", "raise", "8", "--yes")
    assert (ended.code, "The next raise is possible from then on" in ended.err) == (1, True)


async def test_it_says_what_it_will_do_and_does_nothing_without_a_yes(
    operator: Headrace, made: Install, redis: Redis
) -> None:
    ended = await operator("shards", "raise", "3", stdin=b"n\n")
    assert (ended.code, ended.out) == (1, "")
    assert "There are 2 shards; there will be 3." in ended.err
    assert "For the next 48 hours 67% of the events with a key" in ended.err
    assert "Nothing was changed." in ended.err
    assert await read_install(redis) == made


async def test_killed_half_way_it_is_typed_again(operator: Headrace, made: Install, redis: Redis) -> None:
    killed = await operator.start("shards", "raise", "4", "--yes", HEADRACE_FAULT="raise.fenced:1")
    assert (await operator.finish(killed)).code == fault.KILLED
    assert (await read_install(redis)).shard_count == made.shard_count
    ended = await operator("shards")
    assert "A raise to 4 is under way. Finish it: headrace shards raise 4" in ended.out
    ended = await operator("shards", "raise", "8", "--yes")
    assert (ended.code, "It is being raised to 4. Finish that first" in ended.err) == (1, True)
    assert (await operator("shards", "raise", "4", "--yes")).code == 0
    assert (await read_install(redis)).shard_count == 4


async def test_processes_of_an_older_version_are_ended_first(operator: Headrace, made: Install, redis: Redis) -> None:
    older: Any = library().replace(LIBRARY, raising.OLDER)
    await redis.function_load(older, replace=True)  # type: ignore[misc]  # redis-py 5: awaitable or not
    ended = await operator("shards", "raise", "4", "--yes")
    assert ended.code == 1
    assert "End them all, then: headrace shards raise 4 --drop-old-functions" in ended.err
    assert await read_install(redis) == made
    assert (await operator("shards", "raise", "4", "--yes", "--drop-old-functions")).code == 0
    assert not await raising.older(redis)


@pytest.mark.parametrize(("count", "code"), [("1", 1), ("257", 1), ("many", 2)])
async def test_a_number_that_cannot_be_is_refused(operator: Headrace, made: Install, count: str, code: int) -> None:
    ended = await operator("shards", "raise", count, "--yes")
    assert ended.code == code
    assert made.shard_count == 2


async def test_without_an_installation_there_are_no_shards(operator: Headrace, redis: Redis) -> None:
    assert await redis.dbsize() == 0
    ended = await operator("shards")
    assert (ended.code, "no installation yet" in ended.err) == (1, True)


async def test_a_redis_that_is_away_is_named(headrace: Headrace) -> None:
    headrace.env = {"HEADRACE_REDIS_URL": "redis://127.0.0.1:1/0"}
    assert (await headrace("shards", "raise", "4")).code == 3
