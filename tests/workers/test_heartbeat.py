"""Workers hear of each other."""

import msgspec
import pytest

from ingest_api.stream import Redis
from workers.heartbeat import FORGOTTEN_MS, SILENT_MS, Heartbeat, exchange, older, read, redis_ms, withdraw

pytestmark = pytest.mark.stack


def beat(name: str, started_at: int, seen_at: int, state: str = "draining") -> Heartbeat:
    """What a worker says."""
    return Heartbeat(name, 1, "host", started_at, seen_at, [], state)


def said(name: str, schema: int, seen_at: int) -> Heartbeat:
    """By a worker whose build knows so many migrations."""
    return msgspec.structs.replace(beat(name, 1, seen_at), schema=schema)


async def test_those_alive_are_heard_longest_serving_first(redis: Redis) -> None:
    await exchange(redis, beat("b", 200, 10_000))
    await exchange(redis, beat("c", 300, 10_000))
    heard = await exchange(redis, beat("a", 100, 10_000))
    assert [one.id for one in heard] == ["a", "b", "c"]


async def test_the_silent_and_the_stopping_do_not_count_and_the_dead_are_forgotten(redis: Redis) -> None:
    await exchange(redis, beat("silent", 1, 10_000))
    await exchange(redis, beat("stopping", 2, 10_000 + SILENT_MS, "stopping"))
    heard = await exchange(redis, beat("me", 3, 10_001 + SILENT_MS))
    assert [one.id for one in heard] == ["me"]
    await exchange(redis, beat("me", 3, 10_001 + FORGOTTEN_MS))
    assert await redis.hexists("headrace:workers", "silent") is False  # type: ignore[misc]  # redis-py 5


async def test_a_dead_one_from_before_the_clock_was_set_back_does_not_count(redis: Redis) -> None:
    await exchange(redis, beat("dead", 1, 3_600_000))
    assert [one.id for one in await exchange(redis, beat("me", 2, 1000))] == ["me"]


async def test_one_that_says_good_bye_is_gone(redis: Redis) -> None:
    await exchange(redis, beat("a", 1, 1000))
    await withdraw(redis, "a")
    assert [one.id for one in await exchange(redis, beat("b", 2, 1000))] == ["b"]


async def test_a_build_is_older_that_does_not_know_a_migration_or_said_nothing_of_any(redis: Redis) -> None:
    now = await redis_ms(redis)
    for name, known, seen_at in (("new", 12, now), ("last", 11, now), ("long gone", 3, now - FORGOTTEN_MS - 1000)):
        await redis.hset("headrace:workers", name, msgspec.json.encode(said(name, known, seen_at)).decode())  # type: ignore[misc]  # redis-py 5
    before = msgspec.to_builtins(said("before", 0, now - SILENT_MS - 1000))
    del before["schema"]
    await redis.hset("headrace:workers", "before", msgspec.json.encode(before).decode())  # type: ignore[misc]  # redis-py 5
    assert sorted(one.id for one in await older(redis, 12)) == ["before", "last"]
    assert [one.id for one in await older(redis, 1)] == ["before"]


async def test_what_a_newer_build_says_besides_is_read_over(redis: Redis) -> None:
    newer = {**msgspec.to_builtins(beat("newer", 1, 1000)), "mood": "fine"}
    await redis.hset("headrace:workers", "newer", msgspec.json.encode(newer).decode())  # type: ignore[misc]  # redis-py 5
    assert [one.id for one in await read(redis)] == ["newer"]


async def test_time_is_redis_s(redis: Redis) -> None:
    assert await redis_ms(redis) > 1_700_000_000_000
