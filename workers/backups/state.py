"""State: what of an installation lies in Redis besides its shards, sorted: what a backup keeps and what it leaves."""

from collections.abc import AsyncIterator, Iterable
from fnmatch import fnmatchcase
from typing import Any, Literal, cast

import msgspec

from ingest_api import durability, rate
from ingest_api.alerts import alert, outbox
from ingest_api.ledger import REFUSALS
from ingest_api.projects import erasures, projects, records, saved, secret, tombstones
from ingest_api.servers import layout
from ingest_api.stream import INSTALL, WORKERS, Redis
from workers import catalog, retention, salts

Kind = Literal["string", "hash", "set", "zset", "list"]

#: in the document of `headrace project export`, which a backup holds
RECORDS = (records.PROJECTS, records.KEYS, records.SITES, records.SCHEMAS, saved.QUERIES, saved.ALERTS, secret.SECRET)
#: kept as they are
KEPT = (
    *(INSTALL, projects.DEMO, catalog.CURSOR, retention.ARCHIVED, salts.SALTS),
    *(tombstones.TOMBSTONES, f"{tombstones.TOMBSTONES}:*:found", erasures.ERASURES, erasures.OPEN, erasures.CHECKS),
    *(alert.STATES, outbox.MESSAGES, outbox.DUE, "headrace:outbox:sent:*"),
)
#: kept with the cuts: the shards' own, and the book of what was refused
CUT = (
    *("{s[0-9]*}:frames", "{s[0-9]*}:mended", "{s[0-9]*}:floor", "{s[0-9]*}:counters", "{s[0-9]*}:index:*"),
    *("{s[0-9]*}:ledger:*", f"{REFUSALS.prefix}:*"),
)
#: made anew by whoever needs it: caches, leases, counters that say that something changed, locks, sign-ins, jobs
LEFT = (
    *("{s[0-9]*}:lease", "{s[0-9]*}:epoch", "{s[0-9]*}:rejected", "{s[0-9]*}:seal", "{s[0-9]*}:verdict"),
    *("{s[0-9]*}:probe", "{s[0-9]*}:count", layout.PLACE),
    *("{s[0-9]*}:halted", "{s[0-9]*}:allow", "{s[0-9]*}:mended:new"),
    *(records.VERSION, records.SCHEMAS_VERSION, tombstones.VERSION, salts.VERSION, WORKERS, durability.PROBE),
    *(f"{rate.PREFIX}*", "headrace:session:*", "headrace:sessions:*", "headrace:audit", "headrace:erasures:swept"),
    *("headrace:replay", "headrace:replay:tail", "headrace:rollups", "headrace:rollups:cleaned", "headrace:erasing"),
    *(
        "headrace:alerts:claim:*",
        "headrace:outbox:claim:*",
        "headrace:backup",
        "headrace:restore",
        "headrace:restoring",
    ),
    *("headrace:jobs", "headrace:jobs:*", "arq:*"),
)


class Key(msgspec.Struct):
    """A key as it is kept: pairs for a hash, (member, score) for a sorted set. `until`: Unix ms, 0: for ever."""

    name: bytes
    kind: Kind
    value: Any
    until: int = 0


def sort_of(name: str) -> str:
    """records, kept, cut, left; empty for a key that nobody knows."""
    sorts = {"records": RECORDS, "kept": KEPT, "cut": CUT, "left": LEFT}
    return next((sort for sort, some in sorts.items() if any(fnmatchcase(name, one) for one in some)), "")


async def read(redis: Redis) -> list[Key]:
    """What is kept, at one moment."""
    client = cast("Any", redis)
    kinds = {name: (await client.type(name)).decode() for pattern in KEPT async for name in _named(redis, pattern)}
    names = sorted(name for name, kind in kinds.items() if kind != "none")
    async with client.pipeline(transaction=True) as pipe:
        for name in names:
            _ask(pipe, name, kinds[name])
            pipe.pexpiretime(name)
        answers = await pipe.execute()
    found = zip(names, answers[::2], answers[1::2], strict=True)
    return [Key(name, cast("Kind", kinds[name]), _plain(value), max(0, until)) for name, value, until in found if value]


async def write(redis: Redis, keys: Iterable[Key]) -> None:
    """Put keys back, each in the place of what stands there; what is over its time is left out."""
    seconds, _ = await redis.time()
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        for key in keys:
            if key.until and key.until <= int(seconds) * 1000:
                continue
            pipe.delete(key.name)
            _put(pipe, key)
            if key.until:
                pipe.pexpireat(key.name, key.until)
        await pipe.execute()


async def strangers(redis: Redis) -> list[str]:
    """Keys of an installation that are there: those that are made anew do not count, but for the shards'."""
    found = [name.decode() for pattern in ("headrace:*", "{s[0-9]*}:*") async for name in _named(redis, pattern)]
    return sorted(name for name in found if sort_of(name) in {"records", "kept", "cut"})


async def wipe(redis: Redis, but: str) -> None:
    """Take an installation away, but for one key."""
    for pattern in ("headrace:*", "{s[0-9]*}:*"):
        async for name in _named(redis, pattern):
            if name != but.encode():
                await redis.unlink(name)


async def _named(redis: Redis, pattern: str) -> AsyncIterator[bytes]:
    if "*" not in pattern:
        if await redis.exists(pattern):
            yield pattern.encode()
        return
    async for name in redis.scan_iter(match=pattern, count=1000):
        yield name


def _ask(pipe: Any, name: bytes, kind: str) -> None:
    ask = {
        "string": lambda: pipe.get(name),
        "hash": lambda: pipe.hgetall(name),
        "set": lambda: pipe.smembers(name),
        "zset": lambda: pipe.zrange(name, 0, -1, withscores=True),
        "list": lambda: pipe.lrange(name, 0, -1),
    }
    ask[kind]()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return list(value.items())
    return sorted(value) if isinstance(value, set) else value


def _put(pipe: Any, key: Key) -> None:
    put = {
        "string": lambda: pipe.set(key.name, key.value),
        "hash": lambda: pipe.hset(key.name, mapping=dict(key.value)),
        "set": lambda: pipe.sadd(key.name, *key.value),
        "zset": lambda: pipe.zadd(key.name, dict(key.value)),
        "list": lambda: pipe.rpush(key.name, *key.value),
    }
    put[key.kind]()
