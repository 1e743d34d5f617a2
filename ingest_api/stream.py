"""Stream and key names, the function library, and what was fixed at install: the contract with the workers."""

import asyncio
import functools
import importlib.resources
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import redis.asyncio as redis_asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ingest_api import redis_url
from ingest_api.durability import Level

GROUP = "workers"
LIBRARY = "headrace_v2"
INSTALL = "headrace:install"
#: hash: worker id -> what it said last, see workers/heartbeat.py
WORKERS = "headrace:workers"
MAX_SHARDS = 256

Redis = redis_asyncio.Redis


class InstallMismatch(RuntimeError):
    """The settings disagree with what this installation was made with."""


@dataclass(frozen=True)
class Shard:
    """The keys of one shard. They share the hash tag, so that a cluster keeps them on one node."""

    number: int

    @functools.cached_property
    def tag(self) -> str:
        return f"{{s{self.number:02d}}}"

    @functools.cached_property
    def frames(self) -> str:
        return f"{self.tag}:frames"

    @functools.cached_property
    def mended(self) -> str:
        """Stream: committed frames of which something was erased, with the ids they had; see `workers/mend.py`."""
        return f"{self.tag}:mended"

    @functools.cached_property
    def index(self) -> str:
        return f"{self.tag}:index"

    @functools.cached_property
    def counters(self) -> str:
        return f"{self.tag}:counters"

    @functools.cached_property
    def lease(self) -> str:
        return f"{self.tag}:lease"

    @functools.cached_property
    def epoch(self) -> str:
        return f"{self.tag}:epoch"

    @functools.cached_property
    def floor(self) -> str:
        return f"{self.tag}:floor"

    @functools.cached_property
    def ledger(self) -> str:
        """The start of the ledger's keys, see `ingest_api/ledger.py`."""
        return f"{self.tag}:ledger"

    @functools.cached_property
    def rejected(self) -> str:
        """Hash: event id in hex -> why it was rejected; of the last hour."""
        return f"{self.tag}:rejected"

    @functools.cached_property
    def seal(self) -> str:
        """Written before a replica is asked what it has, see `workers/seal.py`."""
        return f"{self.tag}:seal"

    @functools.cached_property
    def verdict(self) -> str:
        """What is set aside of the batch in hand, see `workers/verdict.py`."""
        return f"{self.tag}:verdict"

    @functools.cached_property
    def halted(self) -> str:
        """Why the drain does not go on, see `ingest_api/halt.py`."""
        return f"{self.tag}:halted"

    @functools.cached_property
    def allow(self) -> str:
        """The operator's word that it may."""
        return f"{self.tag}:allow"


@dataclass(frozen=True, slots=True)
class Install:
    """What is fixed once per installation, because data on disk depends on it."""

    #: part of every deduplication token, so that two installations never share one
    id: str
    shard_count: int
    #: how long an idempotency key is remembered at the least, milliseconds
    window_ms: int
    #: what an acknowledged event outlives; `headrace durability` changes it
    durability: Level = Level.DISK

    @property
    def shards(self) -> list[Shard]:
        return [Shard(number) for number in range(self.shard_count)]

    def keyed_shard(self, digest: bytes) -> Shard:
        """Where events of this key are appended, so that equal keys meet."""
        return Shard(int.from_bytes(digest[-4:], "big") % self.shard_count)


class _Heedful:
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


def connect(url: str, *, timeout: float | None = 5.0) -> Redis:
    """A client for one process. Connecting fails after 1 s; an answer may take `timeout` seconds, or for ever.

    Whoever asks while all its connections are busy waits for one.
    """
    pool = redis_asyncio.BlockingConnectionPool.from_url(
        redis_url.checked(url),
        max_connections=64,
        timeout=5.0,
        socket_connect_timeout=1.0,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 0),  # an append whose answer was lost must not be sent twice behind our back
    )
    pool.connection_class = type("Connection", (_Heedful, pool.connection_class), {})
    return Redis.from_pool(pool)


async def install(redis: Redis, shard_count: int, window_seconds: int, durability: Level = Level.DISK) -> Install:
    """Read what this installation was made with, making it from the arguments the first time.

    Also loads the function library and the consumer groups. Raises `InstallMismatch` when the arguments
    differ from what is stored: another shard count would send equal keys to different shards.
    """
    wanted = {"id": secrets.token_hex(8), "shards": str(shard_count), "window_seconds": str(window_seconds)}
    wanted["durability"] = durability.value
    async with redis.pipeline(transaction=True) as pipe:
        for field, value in wanted.items():
            pipe.hsetnx(INSTALL, field, value)
        await pipe.execute()
    stored = await read_install(redis)
    _must_agree("HEADRACE_SHARDS", shard_count, stored.shard_count)
    _must_agree("HEADRACE_WINDOW_SECONDS", window_seconds, stored.window_ms // 1000)
    if durability is not stored.durability:
        raise InstallMismatch(
            f"HEADRACE_DURABILITY is {durability}, but this installation is kept at {stored.durability}. "
            f"Set it to {stored.durability}, or change the installation: headrace durability {durability}"
        )
    await load_functions(redis)
    for shard in stored.shards:
        await _ensure_group(redis, shard)
    return stored


async def read_install(redis: Redis) -> Install:
    """What this installation was made with. Raises `InstallMismatch` when nothing was installed yet."""
    stored = await cast("Any", redis.hgetall(INSTALL))
    if not stored:
        raise InstallMismatch("Redis holds no installation yet: start the front door once, it makes it.")
    durability = Level(stored.get(b"durability", b"disk").decode())
    return Install(stored[b"id"].decode(), int(stored[b"shards"]), int(stored[b"window_seconds"]) * 1000, durability)


async def set_durability(redis: Redis, durability: Level) -> None:
    """Change what front doors must be started with from now on; those that run go on as they were started."""
    await cast("Any", redis.hset(INSTALL, "durability", durability.value))


async def wait_for_install(redis: Redis, *, pause: float = 0.5) -> Install:
    """`read_install`, waiting for the front door to make it and for Redis to answer."""
    while True:
        try:
            return await read_install(redis)
        except (InstallMismatch, RedisError, OSError):
            await asyncio.sleep(pause)


async def load_functions(redis: Redis) -> None:
    """Load the library under its versioned name; older versions stay beside it for older processes."""
    await cast("Any", redis.function_load(library(), replace=True))


def library() -> str:
    """The code of the library: its parts, of which later ones use what earlier ones define."""
    folder = importlib.resources.files("ingest_api")
    parts = (folder / f"{name}.lua" for name in ("ledger", "shard", "drain"))
    return "\n".join([f"#!lua name={LIBRARY}", *(part.read_text() for part in parts)])


def lacks_library(answer: object) -> bool:
    """Whether a server said that it lacks a function: it failed over, or was emptied. Nothing was done then."""
    return isinstance(answer, ResponseError) and "Function not found" in str(answer)


async def fcall(redis: Redis, name: str, keys: list[str], *args: str | int | bytes) -> Any:
    """Call a function of the library; load the library and call once more where the server lacks it."""
    return await fcall_of(load_functions, redis, f"{LIBRARY}_{name}", keys, *args)


async def fcall_of(
    load: Callable[[Redis], Awaitable[None]], redis: Redis, function: str, keys: list[str], *args: str | int | bytes
) -> Any:
    """The same of any library: `load` brings it."""
    execute = cast("Any", redis).execute_command
    try:
        return await execute("FCALL", function, len(keys), *keys, *args)
    except ResponseError as error:
        if not lacks_library(error):
            raise
        await load(redis)
        return await execute("FCALL", function, len(keys), *keys, *args)


def _must_agree(setting: str, wanted: int, stored: int) -> None:
    if wanted != stored:
        raise InstallMismatch(
            f"{setting} is {wanted}, but this installation was made with {stored}. "
            f"Set it to {stored}, or start with an empty Redis and an empty warehouse."
        )


async def _ensure_group(redis: Redis, shard: Shard) -> None:
    try:
        await redis.xgroup_create(shard.frames, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
