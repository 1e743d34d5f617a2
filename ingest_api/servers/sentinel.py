"""Sentinel: the client of whatever server is the primary now. Each new connection asks the sentinels where that is."""

from typing import Any, cast

from redis.asyncio.connection import BlockingConnectionPool, SSLConnection
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from ingest_api.servers import primary
from ingest_api.servers.primary import Redis
from ingest_api.servers.redis_url import Place

#: a sentinel that does not answer within this is passed over for the next
_ASK_SECONDS = 1.0


class Pool(SentinelConnectionPool, BlockingConnectionPool):
    """Of a primary; it waits for a free connection as ours do, and lets go of the sentinels with its connections."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:
            for one in self.sentinel_manager.sentinels:
                await one.aclose()


def pool(place: Place, timeout: float | None) -> Pool:
    """Connections to the service's primary. The URL's user is the servers'; `sentinel_password` is the sentinels'."""
    options = place.options
    for name in ("host", "port"):
        options.pop(name, None)
    secure = options.pop("connection_class", None) is SSLConnection
    asking = {"socket_connect_timeout": _ASK_SECONDS, "socket_timeout": _ASK_SECONDS}
    asking |= {name: options.pop(f"sentinel_{name}", None) for name in ("username", "password")}
    kind = SentinelManagedSSLConnection if secure else SentinelManagedConnection
    sentinels = Sentinel(place.hosts, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py 5: untyped
    made: Any = Pool  # redis-py 5 leaves it untyped
    return cast(
        "Pool", made(place.service, sentinels, **{**primary.bounds(timeout), **options, "connection_class": kind})
    )


def client(place: Place, timeout: float | None) -> Redis:
    """A client for one process."""
    return primary.of(pool(place, timeout))
