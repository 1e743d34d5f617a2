"""The client of one server."""

import asyncio
import socket

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ingest_api.servers import primary
from ingest_api.servers.primary import MAX_CONNECTIONS
from ingest_api.servers.redis_url import places
from ingest_api.stream import Redis


def test_what_a_url_says_wins_over_what_is_ours() -> None:
    (place,) = places("redis://host/0?socket_timeout=7&max_connections=3")
    pool = primary.client(place.options, 5.0).connection_pool
    assert (pool.connection_kwargs["socket_timeout"], pool.max_connections) == (7.0, 3)
    assert primary.client({}, 5.0).connection_pool.max_connections == MAX_CONNECTIONS


async def test_a_server_that_takes_no_command_is_given_up_and_nothing_is_sent_twice() -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = primary.client({"host": host, "port": port, "lib_name": None, "lib_version": None}, 0.2)
    with pytest.raises(RedisTimeoutError):
        await client.get("x")
    await client.aclose()
    server.close()
    assert heard == [b"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n"]


async def test_an_address_where_nobody_is_fails_soon() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        client = primary.client({"host": "127.0.0.1", "port": taken.getsockname()[1]}, None)
        with pytest.raises(RedisConnectionError):
            await asyncio.wait_for(client.ping(), 10)
        await client.aclose()


@pytest.mark.stack
async def test_whoever_asks_while_all_connections_are_busy_waits(redis: Redis) -> None:
    options = {**redis.connection_pool.connection_kwargs, "max_connections": 1}
    for ours in ("socket_timeout", "socket_connect_timeout", "retry"):
        options.pop(ours)
    client = primary.client(options, 5.0)
    assert await asyncio.gather(*(client.ping() for _ in range(20))) == [True] * 20
    await client.aclose()
