"""A lane: one connection to Redis that carries commands back to back, without what a pool does for each.

An append that was sent is never sent again behind the caller's back: its answer is its answer, or an error.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from ingest_api.stream import Redis

Command = tuple[str | int | bytes, ...]

#: a connection that rested longer is looked at before it is used: Redis may have been restarted meanwhile
_RESTED_SECONDS = 0.5


class Lane:
    """Made from a client that has no socket timeout of its own; each call is bounded as a whole."""

    def __init__(self, redis: Redis, timeout: float) -> None:
        # redis-py 5 leaves parts of its connection untyped
        self._connection: Any = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        self._timeout = timeout
        self._used = 0.0

    async def call(self, commands: Sequence[Command]) -> list[Any]:
        """Send all, then read an answer for each; an error that Redis answered stands in its place.

        Raises redis-py's errors, `OSError` or `TimeoutError` when the outcome is not known.
        """
        connection = self._connection
        try:
            async with asyncio.timeout(self._timeout):
                await self._ready()
                await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
                answers = [await self._answer() for _ in commands]
        except BaseException:
            await connection.disconnect(nowait=True)  # what is still on its way belongs to no later call
            raise
        self._used = time.monotonic()
        return answers

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.disconnect()

    async def _ready(self) -> None:
        rested = time.monotonic() - self._used > _RESTED_SECONDS
        if rested and self._connection.is_connected:
            try:
                stale = await self._connection.can_read_destructive()
            except (RedisConnectionError, OSError):
                stale = True
            if stale:
                await self._connection.disconnect(nowait=True)
        await self._connection.connect()

    async def _answer(self) -> Any:
        try:
            return await self._connection.read_response()
        except ResponseError as error:
            return error
