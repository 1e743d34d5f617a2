"""A primary: the client of one Redis server."""

import asyncio
from typing import Any

import redis.asyncio as redis_asyncio
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import TimeoutError as RedisTimeoutError

Redis = redis_asyncio.Redis

#: connections of one client; whoever asks while all are busy waits for one
MAX_CONNECTIONS = 64
CONNECT_SECONDS = 1.0


class Heedful:
    """A connection that heeds a cancellation. redis-py bounds a write with `asyncio.wait_for`, which until Python 3.12
    forgets one that meets the end of what it waits for: a loop that was told to end would go on for ever.
    """

    socket_timeout: float | None

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        bound, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(bound):
                await super().send_packed_command(command, check_health)  # type: ignore[misc]  # of what it is mixed with
        except TimeoutError as error:
            raise RedisTimeoutError("Redis did not take a command in time.") from error
        finally:
            self.socket_timeout = bound


def bounds(timeout: float | None) -> dict[str, Any]:
    """What every pool of ours is made with. Connecting fails after 1 s; an answer may take `timeout`, or for ever."""
    return {
        "max_connections": MAX_CONNECTIONS,
        "timeout": 5.0,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),  # an append whose answer was lost must not be sent twice behind our back
    }


def client(options: dict[str, Any], timeout: float | None) -> Redis:
    """A client for one process of the server that these options of redis-py lead to."""
    return of(BlockingConnectionPool(**{**bounds(timeout), **options}))


def of(pool: BlockingConnectionPool) -> Redis:
    """The client that owns this pool."""
    pool.connection_class = type("Connection", (Heedful, pool.connection_class), {})
    return Redis.from_pool(pool)
