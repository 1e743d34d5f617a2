"""The primary that Sentinel names, before and after a failover."""

from pathlib import Path

import pytest
from redis.asyncio.sentinel import SentinelManagedSSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from ingest_api.servers import routing, sentinel
from ingest_api.servers.redis_url import places
from ingest_api.stream import connect
from tests.topologies import Watched, running
from tests.waiting import until


def test_the_servers_and_the_sentinels_each_have_their_own_password() -> None:
    (place,) = places("rediss+sentinel://us:one@host,other:26380/shards/2?sentinel_password=two&ssl_cert_reqs=none")
    pool = sentinel.pool(place, 5.0)
    kept = pool.connection_kwargs
    assert (kept["username"], kept["password"], kept["db"], kept["ssl_cert_reqs"]) == ("us", "one", 2, "none")
    assert pool.connection_class is SentinelManagedSSLConnection
    asked = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    assert [(one["host"], one["port"], one["password"]) for one in asked] == [
        ("host", 26379, "two"),
        ("other", 26380, "two"),
    ]


async def test_without_sentinels_nobody_knows_a_primary() -> None:
    client = connect("redis+sentinel://127.0.0.1:1,127.0.0.1:2/shards")
    with pytest.raises(RedisConnectionError, match="No master found for 'shards'"):
        await client.ping()
    await client.aclose()


@pytest.mark.stack
async def test_a_client_finds_the_successor_of_a_primary_that_was_killed(tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as servers:
        client = connect(servers.url)
        await client.set("x", 1)
        await client.wait(2, 5000)
        before = servers.actor(client)
        await before.kill()

        async def goes_on() -> bool:
            try:
                return await client.get("x") == b"1" and bool(await client.set("y", 1))
            except RedisError:
                return False

        await until(goes_on, within=30)
        assert servers.actor(client) is not before
        assert routing.name(client).startswith("shards at 127.0.0.1:")
        await client.aclose()
