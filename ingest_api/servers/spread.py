"""The spread: which server holds which shard, and what a command or an answer tells of that."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ingest_api.servers.primary import Redis

#: these name the number of their keys before the first
_COUNTED = {"FCALL", "FCALL_RO", "EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO"}
_SHARD = re.compile(rb"\{s(\d+)\}:")
#: what says that a server did not answer
LOST = (RedisConnectionError, RedisTimeoutError, OSError)


class Spread(Protocol):
    """Which server holds which shard."""

    @property
    def kind(self) -> str:
        """As it is kept with the installation: the number of servers, or `cluster`."""

    @property
    def servers(self) -> list[Redis]:
        """Every server that holds shards, as far as is known."""

    def of(self, shard: int) -> Redis:
        """The server of a shard. Raises redis-py's `ConnectionError` where it is not known."""

    def doubt(self) -> None:
        """A server did not answer."""

    def heed(self, answer: ResponseError) -> None:
        """A server has sent a command `elsewhere`."""

    async def settle(self) -> None:
        """Find out where the shards lie, where that is in doubt. Raises redis-py's errors."""

    async def learn(self) -> None:
        """Find it out anew. Raises redis-py's errors."""

    async def aclose(self) -> None:
        """Let go of the servers."""


class Several:
    """Servers of a fixed number: shard n lies on server n mod their number."""

    def __init__(self, servers: Sequence[Redis]) -> None:
        self.servers = list(servers)
        self.kind = str(len(servers))

    def of(self, shard: int) -> Redis:
        """The server of a shard."""
        return self.servers[shard % len(self.servers)]

    def doubt(self) -> None:
        """They are where they are."""

    def heed(self, answer: ResponseError) -> None:
        """They are where they are."""

    async def settle(self) -> None:
        """Nothing to find out."""

    async def learn(self) -> None:
        """Nothing to find out."""

    async def aclose(self) -> None:
        for one in self.servers:
            await one.aclose()


def shard_of(command: Sequence[Any]) -> int | None:
    """Of the first key; None where it belongs to no shard."""
    at = 3 if command[0] in _COUNTED else 1
    if len(command) <= at or not isinstance(command[at], str | bytes):
        return None
    key = command[at]
    found = _SHARD.match(key.encode() if isinstance(key, str) else key)
    return int(found[1]) if found else None


def elsewhere(answer: object) -> bool:
    """Whether a server said that another one does this now. Nothing was done then."""
    if not isinstance(answer, ResponseError):
        return False
    return isinstance(answer, MovedError | ReadOnlyError) or str(answer).startswith(("MOVED ", "READONLY "))
