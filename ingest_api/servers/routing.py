"""Routing: one client for an installation whose shards lie on other servers than the rest.

A key's hash tag says where it lies: what begins with `{sNN}:` on the server of that shard, all else on the control
server. Where one Redis holds everything there is no routing: `connect` gives redis-py's own client.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError

from ingest_api import durability
from ingest_api.servers import primary, redis_url, sentinel
from ingest_api.servers.cluster import Cluster
from ingest_api.servers.primary import Redis
from ingest_api.servers.redis_url import Place
from ingest_api.servers.spread import LOST, Several, Spread, elsewhere, shard_of

T = TypeVar("T")

_SHARDS = re.compile(r"\{s(\d+\})?")
#: how a pattern begins that keys of any server may match
_ANYTHING = ("", "*", "?", "[")


def connect(urls: str, timeout: float | None) -> Redis:
    """A client for one process: redis-py's own where one URL is given. Raises `ValueError`."""
    first, *others = redis_url.places(urls)
    control = _client(first, timeout)
    if not others:
        return control
    if others[0].kind == "cluster":
        return Routing(control, Cluster(others[0], timeout))
    return Routing(control, Several([control if one == first else _client(one, timeout) for one in others]))


def control(urls: str, timeout: float | None) -> Redis:
    """A client of the control server alone. Raises `ValueError`."""
    return _client(redis_url.places(urls)[0], timeout)


def _client(place: Place, timeout: float | None) -> Redis:
    return sentinel.client(place, timeout) if place.service else primary.client(place.options, timeout)


class Routing(Redis):
    """The control server's client, which sends what belongs to a shard to the shard's server.

    What a cluster has moved is certainly not done: it is learnt where to, and done once more. What names no key goes
    to the control server; `servers` is for what must be asked of all.
    """

    def __init__(self, control: Redis, spread: Spread) -> None:
        super().__init__(connection_pool=control.connection_pool)
        self.control = control
        self.spread = spread

    async def at(self, shard: int) -> Redis:
        """The client of a shard's server. Raises redis-py's errors where nobody knows which that is."""
        await self.spread.settle()
        return self.spread.of(shard)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Where the key lies."""
        shard = shard_of(args)
        if shard is None:
            return await cast("Any", self.control).execute_command(*args, **options)
        return await self._on(shard, lambda one: cast("Any", one).execute_command(*args, **options))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "RoutingPipeline":
        """Commands for one server as a transaction, or for any servers, which work side by side."""
        return RoutingPipeline(self, transaction)

    async def transaction(self, func: Any, *watches: Any, **options: Any) -> Any:
        """On the server of what is watched."""
        shard = shard_of(("WATCH", *watches))

        async def call(one: Redis) -> Any:
            return await cast("Any", one).transaction(func, *watches, **options)

        return await (call(self.control) if shard is None else self._on(shard, call))

    async def scan_iter(  # type: ignore[override]  # redis-py 5 has it twice, of which one is not awaited
        self, match: Any = None, count: int | None = None, _type: str | None = None, **options: Any
    ) -> AsyncIterator[Any]:
        """Keys of the servers where what the pattern begins with lies."""
        for one in await self._scanned(str(match or "")):
            async for name in one.scan_iter(match, count, _type, **options):
                yield name

    def client(self) -> Redis:
        """One connection to the control server."""
        return self.control.client()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Let go of every server."""
        await self.control.aclose(close_connection_pool)
        await self.spread.aclose()

    async def _scanned(self, pattern: str) -> list[Redis]:
        begins = _SHARDS.match(pattern)
        if begins is None:
            return await servers(self) if pattern[:1] in _ANYTHING else [self.control]
        return [await self.at(int(begins[1][:-1]))] if begins[1] else await holders(self)

    async def _on(self, shard: int, call: Callable[[Redis], Awaitable[T]]) -> T:
        try:
            return await call(await self.at(shard))
        except LOST:
            self.spread.doubt()
            raise
        except ResponseError as error:
            if not elsewhere(error):
                raise
            self.spread.heed(error)
        return await call(await self.at(shard))


class RoutingPipeline(Pipeline):
    """Commands that are sent together to the servers of their keys; their answers come in their order."""

    def __init__(self, routing: Routing, transaction: bool) -> None:
        super().__init__(routing.control.connection_pool, routing.response_callbacks, transaction, None)
        self._routing = routing

    async def watch(self, *names: Any) -> Any:  # type: ignore[override]  # redis-py 5 types the one that waits not
        """Keys of one shard, or of none; what is asked then, up to `execute`, is of the same server."""
        shard = shard_of(("WATCH", *names))
        one = self._routing.control if shard is None else await self._routing.at(shard)
        self.connection_pool = one.connection_pool
        return await super().watch(*names)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The answers; without `raise_on_error` errors stand in their places, also where a server did not answer."""
        stack, routing = self.command_stack, self._routing
        if self.watching or self.explicit_transaction:
            return await super().execute(raise_on_error)
        self.command_stack = []
        if not self.is_transaction:
            return await _split(routing, stack, raise_on_error=raise_on_error)
        shards = {shard_of(args): args for args, _ in stack}
        if len(shards) > 1:
            raise RedisError(f"A transaction is of one shard, or of none: {[list(args) for args in shards.values()]}")
        (shard,) = shards or {None}

        async def transact(one: Redis) -> list[Any]:
            return await _send(one, stack, transaction=True, raise_on_error=raise_on_error)

        return await (transact(routing.control) if shard is None else routing._on(shard, transact))


async def _split(routing: Routing, stack: Sequence[Any], *, raise_on_error: bool) -> list[Any]:
    answers: list[Any] = [None] * len(stack)
    todo = list(range(len(stack)))
    for again in (False, True):
        groups: dict[Redis, list[int]] = {}
        for i in todo:
            shard = shard_of(stack[i][0])
            groups.setdefault(routing.control if shard is None else await routing.at(shard), []).append(i)
        parts = (_send(one, [stack[i] for i in some]) for one, some in groups.items())
        for some, part in zip(groups.values(), await asyncio.gather(*parts, return_exceptions=True), strict=True):
            if isinstance(part, LOST):
                routing.spread.doubt()
            elif isinstance(part, BaseException) and not isinstance(part, RedisError):
                raise part
            for place, i in enumerate(some):
                answers[i] = part if isinstance(part, BaseException) else part[place]
        todo = [i for i in todo if elsewhere(answers[i])]
        if again or not todo:
            break
        for i in todo:
            routing.spread.heed(answers[i])
    if raise_on_error and (wrong := [one for one in answers if isinstance(one, Exception)]):
        raise wrong[0]
    return answers


async def _send(
    one: Redis, stack: Sequence[Any], *, transaction: bool = False, raise_on_error: bool = False
) -> list[Any]:
    async with one.pipeline(transaction=transaction) as pipe:
        pipe.command_stack = list(stack)
        return list(await pipe.execute(raise_on_error))


async def at(redis: Redis, shard: int) -> Redis:
    """The client of the server that holds a shard."""
    return await redis.at(shard) if isinstance(redis, Routing) else redis


async def holding(redis: Redis, key: str) -> Redis:
    """The client of the server that holds a key."""
    shard = shard_of(("GET", key))
    if not isinstance(redis, Routing):
        return redis
    return redis.control if shard is None else await redis.at(shard)


def known(redis: Redis, shard: int) -> Redis:
    """`at`, without asking anybody. Raises redis-py's `ConnectionError` where nobody was asked yet."""
    return redis.spread.of(shard) if isinstance(redis, Routing) else redis


def heed(redis: Redis, answer: ResponseError) -> None:
    """A server has sent a command `elsewhere`."""
    if isinstance(redis, Routing):
        redis.spread.heed(answer)


async def learn(redis: Redis) -> None:
    """Find out anew where the shards lie. Raises redis-py's errors."""
    if isinstance(redis, Routing):
        await redis.spread.learn()


async def servers(redis: Redis) -> list[Redis]:
    """Every primary, the control server first."""
    control = redis.control if isinstance(redis, Routing) else redis
    return list(dict.fromkeys((control, *await holders(redis))))


async def holders(redis: Redis) -> list[Redis]:
    """Every primary that holds shards."""
    if not isinstance(redis, Routing):
        return [redis]
    await redis.spread.settle()
    return list(dict.fromkeys(redis.spread.servers))


def probe(redis: Redis, shard: int) -> str:
    """The key by which a shard's server is looked at. A node of a cluster takes none but of its own slots."""
    return f"{{s{shard:02d}}}:probe" if kind(redis) == "cluster" else durability.PROBE


def kind(redis: Redis) -> str:
    """On how many servers the shards lie, or `cluster`; empty where they lie with everything else."""
    return redis.spread.kind if isinstance(redis, Routing) else ""


def fails_over(redis: Redis, server: Redis) -> bool:
    """Whether a replica takes a server's place by itself when it is gone."""
    clustered = kind(redis) == "cluster" and isinstance(redis, Routing) and server is not redis.control
    return clustered or isinstance(server.connection_pool, sentinel.Pool)


def name(redis: Redis) -> str:
    """A server as people call it."""
    pool: Any = redis.connection_pool
    options = pool.connection_kwargs
    if isinstance(pool, sentinel.Pool):
        now = f" at {':'.join(map(str, pool.master_address))}" if pool.master_address else ""
        return f"{pool.service_name}{now}"
    return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")
