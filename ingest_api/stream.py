"""Stream and key names, the function library, and what was fixed at install: the contract with the workers."""

import asyncio
import functools
import importlib.resources
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import RedisError, ResponseError

from ingest_api.durability import Level
from ingest_api.servers import layout, primary, routing

GROUP = "workers"
LIBRARY = "headrace_v3"
INSTALL = "headrace:install"
#: hash: worker id -> what it said last, see workers/heartbeat.py
WORKERS = "headrace:workers"
MAX_SHARDS = 256

Redis = primary.Redis

log = logging.getLogger(__name__)


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
        """Stream: an entry has `f` the frame, `n` live events, `b` bytes unpacked, `p` whose they are (`runs.py`).

        At need `s` the skip list, `r` put back by hand, `t` contexts of traces (`tracing.py`), `e` mended.
        """
        return f"{self.tag}:frames"

    @functools.cached_property
    def mended(self) -> str:
        """Stream: committed frames of which something was erased, with their ids; see `workers/erasing/mend.py`."""
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

    @functools.cached_property
    def fence(self) -> str:
        """The number of shards by which events must have been placed, once it was raised; see `raising.py`."""
        return f"{self.tag}:count"

    @functools.cached_property
    def appending(self) -> list[str]:
        """What the function `append` is called with; see `shard.lua`."""
        return [self.frames, self.index, self.counters, self.ledger, self.fence]


@dataclass(frozen=True, slots=True)
class Install:
    """What all parts of an installation must agree on, because data on disk depends on it."""

    #: part of every deduplication token, so that two installations never share one
    id: str
    #: `headrace shards raise` raises it, while everything goes on: whoever keeps it reads it again
    shard_count: int
    #: how long an idempotency key is remembered at the least, milliseconds
    window_ms: int
    #: what an acknowledged event outlives; `headrace durability` changes it
    durability: Level = Level.DISK
    #: the number of shards before it was raised, as long as their indexes know keys; 0: nobody asks them
    count_before: int = 0
    #: when the last of these keys is forgotten, Unix milliseconds
    before_until: int = 0
    #: the number to come, while a raise is under way; 0: none is
    count_next: int = 0

    @property
    def shards(self) -> list[Shard]:
        return [Shard(number) for number in range(self.shard_count)]

    def keyed_shards(self, digest: bytes) -> list[Shard]:
        """Where events of this key are appended, so that equal keys meet; then where they were before a raise."""
        number = int.from_bytes(digest[-4:], "big")
        counts = (self.shard_count, self.count_before or self.shard_count)
        return [Shard(one) for one in dict.fromkeys(number % count for count in counts)]


def connect(url: str, *, timeout: float | None = 5.0) -> Redis:
    """A client for one process. Connecting fails after 1 s; an answer may take `timeout` seconds, or for ever.

    Whoever asks while all its connections are busy waits for one. Where several servers are named, what belongs to a
    shard goes to its server, see `ingest_api/servers/routing.py`. Raises `ValueError`.
    """
    return routing.connect(url, timeout)


async def install(redis: Redis, shard_count: int, window_seconds: int, durability: Level = Level.DISK) -> Install:
    """Read what this installation was made with, making it from the arguments the first time.

    Also loads the function library and the consumer groups. Raises `InstallMismatch` when window or durability differ
    from what is stored. An installation that is there keeps its number of shards.
    """
    wanted = {"id": secrets.token_hex(8), "shards": str(shard_count), "window_seconds": str(window_seconds)}
    wanted["durability"] = durability.value
    async with redis.pipeline(transaction=True) as pipe:
        pipe.exists(INSTALL)
        pipe.hget(INSTALL, "servers")
        there, said = await pipe.execute()
    older = there and said is None  # than any layout but one server for everything
    wanted["servers"] = "" if older else routing.kind(redis)
    async with redis.pipeline(transaction=True) as pipe:
        for field, value in wanted.items():
            pipe.hsetnx(INSTALL, field, value)
        pipe.hget(INSTALL, "servers")
        servers = (await pipe.execute())[-1].decode()
    if wrong := layout.disagreement(redis, servers) or await layout.misplaced(redis):
        raise InstallMismatch(wrong)
    stored = await read_install(redis)
    if shard_count > stored.shard_count:
        remedy = f"headrace shards raise {shard_count}"
        log.warning("fewer shards than set", extra={"action": "start", "shards": stored.shard_count, "remedy": remedy})
    _must_agree("HEADRACE_WINDOW_SECONDS", window_seconds, stored.window_ms // 1000)
    if durability is not stored.durability:
        raise InstallMismatch(
            f"HEADRACE_DURABILITY is {durability}, but this installation is kept at {stored.durability}. "
            f"Set it to {stored.durability}, or change the installation: headrace durability {durability}"
        )
    for server in await routing.servers(redis):
        try:
            await prepare(server, [one for one in stored.shards if routing.known(redis, one.number) is server])
        except (RedisError, OSError):
            if not routing.kind(redis):
                raise  # of several, each front door prepares one when it comes
    return stored


async def prepare(server: Redis, shards: Iterable[Shard]) -> None:
    """Bring the library and the workers' groups to a server that holds these shards. Raises redis-py's errors."""
    await load_functions(server)
    await make_groups(server, shards)


async def read_install(redis: Redis) -> Install:
    """What this installation is now. Raises `InstallMismatch` when nothing was installed yet."""
    stored = await cast("Any", redis.hgetall(INSTALL))
    if not stored:
        raise InstallMismatch("Redis holds no installation yet: start the front door once, it makes it.")
    durability = Level(stored.get(b"durability", b"disk").decode())
    window_ms, before = int(stored[b"window_seconds"]) * 1000, int(stored.get(b"shards_before", 0))
    until = int(stored[b"raised_at"]) + 2 * window_ms if before else 0
    if until and until < int((await redis.time())[0]) * 1000:  # by the clock that wrote it
        before = until = 0
    coming = int(stored.get(b"shards_next", 0))
    return Install(stored[b"id"].decode(), int(stored[b"shards"]), window_ms, durability, before, until, coming)


async def servers_of(redis: Redis) -> str:
    """The layout that the installation was made with, see `ingest_api/servers/layout.py`."""
    return (await cast("Any", redis).hget(INSTALL, "servers") or b"").decode()


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
    """Load the library under its versioned name, on every server; older versions stay beside it for older processes."""
    for server in await routing.servers(redis):
        await cast("Any", server).function_load(library(), replace=True)


def library() -> str:
    """The code of the library: its parts, of which later ones use what earlier ones define."""
    folder = importlib.resources.files("ingest_api")
    parts = (folder / f"{name}.lua" for name in ("ledger", "shard", "drain", "raise"))
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
        await load(await routing.holding(redis, keys[0]))
        return await execute("FCALL", function, len(keys), *keys, *args)


def _must_agree(setting: str, wanted: int, stored: int) -> None:
    if wanted != stored:
        raise InstallMismatch(
            f"{setting} is {wanted}, but this installation was made with {stored}. "
            f"Set it to {stored}, or start with an empty Redis and an empty warehouse."
        )


async def make_groups(redis: Redis, shards: Iterable[Shard]) -> None:
    """See that the workers' group is there on each."""
    for shard in shards:
        try:
            await redis.xgroup_create(shard.frames, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
