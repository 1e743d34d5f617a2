"""A real cluster: whose the shards are, and what becomes of an append when that changes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.durability import Level
from ingest_api.errors import Unavailable
from ingest_api.rules.normalise import Stamped
from ingest_api.servers import routing
from ingest_api.servers.cluster import Cluster, slot
from ingest_api.servers.redis_url import places
from ingest_api.stream import Install, Shard, connect, install
from tests.appending import appending
from tests.ingest_api.events import stamped
from tests.topologies import Nodes, command, emptied

pytestmark = pytest.mark.stack


@pytest.fixture
async def redis(redis_url: str, nodes: Nodes) -> AsyncIterator[Any]:
    """A client of an empty cluster, and of a control server."""
    async with emptied(f"{redis_url} {nodes.url}") as client:
        yield client


@pytest.fixture
async def made(redis: Any) -> Install:
    """Each event is on a replica's disk, too, when it is acknowledged."""
    return await install(redis, 4, 3600, Level.REPLICA)


async def moved(redis: Any, nodes: Nodes, shard: int) -> None:
    """Move a shard to another primary than it is on."""
    owner = await nodes.owner(slot(shard))
    other = next(one for one in await routing.holders(redis) if not routing.name(one).endswith(f":{owner}"))
    await nodes.migrate(slot(shard), other)


async def test_the_keys_of_a_shard_share_the_slot_of_its_tag(nodes: Nodes) -> None:
    for number in (0, 7, 99, 255):
        for key in (Shard(number).frames, Shard(number).index):
            assert await command(nodes.ports[0], "CLUSTER", "KEYSLOT", key) == slot(number)


async def test_where_nobody_was_asked_or_nobody_answers_it_is_not_known_where_a_shard_lies() -> None:
    cluster = Cluster(places("redis://c redis+cluster://127.0.0.1:1,127.0.0.1:2")[1], 1.0)
    with pytest.raises(RedisConnectionError, match="where shard 3 lies"):
        cluster.of(3)
    with pytest.raises(RedisConnectionError, match="No node of the cluster tells"):
        await cluster.settle()
    await cluster.aclose()


async def test_one_server_for_everything_is_no_cluster(redis_url: str) -> None:
    client = connect(f"{redis_url} {redis_url.replace('redis://', 'redis+cluster://')}")
    with pytest.raises(RedisConnectionError, match="cluster support disabled"):
        await client.get("{s00}:x")
    await client.aclose()


async def test_what_was_moved_is_asked_for_where_it_is_now(redis: Any, nodes: Nodes) -> None:
    await redis.set("{s00}:x", 1)
    before = await routing.at(redis, 0)
    await moved(redis, nodes, 0)
    assert await redis.get("{s00}:x") == b"1"
    assert await routing.at(redis, 0) is not before
    await moved(redis, nodes, 0)
    async with redis.pipeline(transaction=False) as pipe:
        pipe.get("{s00}:x").set("{s01}:x", 2).get("{s01}:x")
        assert await pipe.execute() == [b"1", True, b"2"]
    await moved(redis, nodes, 0)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.incr("{s00}:x").incr("{s00}:x")
        assert await pipe.execute() == [2, 3]
    await moved(redis, nodes, 0)

    async def add(pipe: Any) -> None:
        count = int(await pipe.get("{s00}:x"))
        pipe.multi()
        pipe.set("{s00}:x", count + 1)

    await redis.transaction(add, "{s00}:x")
    assert await redis.get("{s00}:x") == b"4"


async def test_an_append_to_a_shard_that_was_moved_is_made_once_where_it_is_now(
    redis: Any, redis_url: str, nodes: Nodes, made: Install
) -> None:
    events = [stamped(key=f"k{number}", number=number) for number in range(400)]
    async with appending(f"{redis_url} {nodes.url}", made) as appender:
        verdicts = await appender.append(events[:100])
        for part in (100, 200, 300):
            await moved(redis, nodes, 0)
            verdicts += await appender.append(events[part : part + 100])
        again = await appender.append(events)
    assert (set(verdicts), set(again)) == ({Verdict.NEW}, {Verdict.DUPLICATE})
    entries = [fields for shard in made.shards for _, fields in await redis.xrange(shard.frames)]
    assert sum(int(fields[b"n"]) for fields in entries) == 400


async def test_while_a_slot_moves_the_old_way_nothing_is_written_by_half(
    redis: Any, redis_url: str, nodes: Nodes, made: Install
) -> None:
    source = await routing.at(redis, 0)
    target = next(one for one in await routing.holders(redis) if one is not source)
    async with appending(f"{redis_url} {nodes.url}", made) as appender:
        event, others = of_shard(appender, 0), [of_shard(appender, number) for number in (1, 2, 3)]
        assert await appender.append([event]) == [Verdict.NEW]
        async with nodes.migrating(slot(0), source, target):
            with pytest.raises(Unavailable):
                await appender.append([event])
            assert await appender.append([event, *others]) == [Verdict.UNAVAILABLE] + [Verdict.NEW] * 3
        assert await appender.append([event]) == [Verdict.DUPLICATE]
    assert await redis.xlen(made.shards[0].frames) == 1


def of_shard(appender: Appender, number: int) -> Stamped:
    """An event whose key is of this shard."""
    return next(one for one in (stamped(key=f"k{key}") for key in range(100)) if appender.shard_of(one) == number)
