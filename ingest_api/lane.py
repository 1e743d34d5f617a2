"""A lane: one connection to Redis that carries commands back to back.

redis-py opens the connection (address, TLS, password, database); from then on its socket answers straight to
hiredis. A pool's bookkeeping and a coroutine for each answer cost twice what the commands themselves do.

An append that was sent is never sent again behind the caller's back: its answer is its answer, or an error.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from ingest_api import durability
from ingest_api.durability import Ask, Command, Level, NotDurable
from ingest_api.servers.spread import elsewhere
from ingest_api.stream import Redis, lacks_library, load_functions

_NOT_YET = object()
# hiredis's stub takes a command for a tuple of one
_pack: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]


class _Wire(asyncio.Protocol):
    """The socket's end: gathers answers until there is one for every command of the call under way."""

    def __init__(self) -> None:
        self.closed = False
        self._reader = hiredis.Reader(replyError=ResponseError, notEnoughData=_NOT_YET)
        self._answers: list[Any] = []
        self._wanted = 0
        self._done: asyncio.Future[list[Any]] | None = None

    def expect(self, count: int) -> asyncio.Future[list[Any]]:
        self._answers, self._wanted = [], count
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not _NOT_YET:
            self._answers.append(answer)
        if len(self._answers) >= self._wanted and self._done and not self._done.done():
            self._done.set_result(self._answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._done and not self._done.done():
            self._done.set_exception(RedisConnectionError(f"Redis closed the connection: {exc or 'end of stream'}"))


class Lane:
    """One call at a time. Made from a client that has no socket timeout; each call is bounded as a whole."""

    def __init__(self, redis: Redis, timeout: float) -> None:
        self._redis = redis
        # redis-py 5 leaves parts of its connection untyped
        self._connection: Any = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        self._timeout = timeout
        self._wire: _Wire | None = None
        self._transport: Any = None

    async def call(self, commands: Sequence[Command]) -> list[Any]:
        """Send all, then return an answer for each; an error that Redis answered stands in its place.

        Raises redis-py's errors, `OSError` or `TimeoutError` when the outcome is not known.
        """
        try:
            async with asyncio.timeout(self._timeout):
                if self._wire is None or self._wire.closed:
                    self._wire = await self._connect()
                return await self._send(self._wire, commands)
        except BaseException:
            await self.close()  # what is still on its way belongs to no later call
            raise

    async def fcall(self, commands: Sequence[Command]) -> list[Any]:
        """`call`, of functions of the library; where the server lacks it, it is loaded and those are called again."""
        answers = await self.call(commands)
        lost = [i for i, answer in enumerate(answers) if lacks_library(answer)]
        if lost:
            await load_functions(self._redis)
            for i, answer in zip(lost, await self.call([commands[i] for i in lost]), strict=True):
                answers[i] = answer
        if any(map(elsewhere, answers)):  # the server is no primary any longer, or has given a shard away
            await self.close()
        return answers

    async def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        self._wire = None
        await self._connection.disconnect(nowait=True)

    def _send(self, wire: _Wire, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        answers = wire.expect(len(commands))
        self._transport.write(b"".join(map(_pack, commands)))
        return answers

    async def _connect(self) -> _Wire:
        await self._connection.disconnect(nowait=True)
        await self._connection.connect()
        wire = _Wire()
        self._transport = self._connection._writer.transport
        self._transport.set_protocol(wire)
        return wire


class CheckedLane(Lane):
    """A lane to a server that keeps the level: each new connection asks first. Raises `NotDurable`."""

    def __init__(self, redis: Redis, timeout: float, level: Level, probe: Callable[[], str]) -> None:
        super().__init__(redis, timeout)
        self._level = level
        self._probe = probe

    async def _connect(self) -> _Wire:
        wire = await super()._connect()
        if missing := await durability.look(self._asker(wire), self._level, self._probe()):
            raise NotDurable(missing)
        return wire

    def _asker(self, wire: _Wire | None) -> Ask:
        async def ask(commands: Sequence[Command]) -> list[Any]:
            if wire is None or wire.closed:
                raise RedisConnectionError("Redis closed the connection.")
            return await self._send(wire, commands)

        return ask


class SealedLane(CheckedLane):
    """A lane whose calls return once a replica has them on its disk too. Raises `NotDurable` when it takes too long."""

    async def call(self, commands: Sequence[Command]) -> list[Any]:
        """Send all, wait for an answer to each, then for the replica, on this connection and no other."""
        answers = await super().call(commands)
        try:
            async with asyncio.timeout(self._timeout):
                missing = await durability.sealed(self._asker(self._wire), self._level, durability.SEAL_SECONDS)
        except BaseException:
            await self.close()
            raise
        if missing:
            raise NotDurable(missing)
        return answers


def lane_at(level: Level, redis: Redis, timeout: float, probe: Callable[[], str] = lambda: durability.PROBE) -> Lane:
    """A lane for writes at this level; `probe` is the key by which the server is looked at."""
    return (SealedLane if level is Level.REPLICA else CheckedLane)(redis, timeout, level, probe)
