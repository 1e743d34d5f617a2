"""What of Redis a backup keeps comes back as it was; `clients/cli/test_vault.py` has every key of a stack sorted."""

from typing import Any

import pytest

from ingest_api.alerts import alert, outbox
from ingest_api.projects import erasures, projects, tombstones
from ingest_api.stream import INSTALL, Redis
from workers import salts
from workers.backups import state

pytestmark = pytest.mark.stack


def test_a_key_that_nobody_knows_has_no_sort() -> None:
    assert (state.sort_of("headrace:new"), state.sort_of("somebody:else")) == ("", "")
    assert (state.sort_of("{s07}:frames"), state.sort_of("{s07}:lease")) == ("cut", "left")


async def test_what_is_kept_comes_back_as_it_was_with_its_time(redis: Redis) -> None:
    client: Any = redis  # redis-py 5 types each answer as awaitable or not
    await client.hset(INSTALL, mapping={"id": "x", "shards": "4"})
    await client.hset(tombstones.TOMBSTONES, "e1", b"\x00\xff")
    await client.set(f"{tombstones.TOMBSTONES}:e1:found", b"\x00" * 16, ex=1000)
    await client.sadd(erasures.OPEN, "e1", "e2")
    await client.zadd(erasures.CHECKS, {"e1": 1_795_000_000_123})
    await client.lpush("headrace:outbox:sent:demo\0slow", "two", "one")
    await client.hset(salts.SALTS, "20000", b"\xfe" * 32)
    await client.set("headrace:probe", 1)
    before = await state.read(redis)
    dumps = {one.name: await redis.dump(one.name) for one in before}
    assert len(before) == 7
    await redis.flushall()
    await state.write(redis, before)
    assert await state.read(redis) == before
    assert {name: await redis.dump(name) for name in dumps} == dumps
    assert 0 < await redis.ttl(f"{tombstones.TOMBSTONES}:e1:found") <= 1000
    past = [state.Key(b"headrace:demo", "string", b"x", until=1)]
    await state.write(redis, past)
    assert not await redis.exists("headrace:demo")


async def test_an_installation_is_told_from_what_is_left(redis: Redis) -> None:
    await redis.set("headrace:probe", 1)
    await redis.set("{s00}:lease", "w1")
    await redis.set("somebody:else", 1)
    assert await state.strangers(redis) == []
    await redis.set(projects.DEMO, 1)
    await redis.set("{s00}:floor", "1-1")
    await redis.set(alert.STATES, 1)
    await redis.set(outbox.DUE, 1)
    assert await state.strangers(redis) == sorted((projects.DEMO, alert.STATES, outbox.DUE, "{s00}:floor"))
    await state.wipe(redis, but="headrace:probe")
    assert sorted(await redis.keys("*")) == [b"headrace:probe", b"somebody:else"]
