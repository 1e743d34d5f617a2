"""Tombstones: what must never be stored again, in Redis. They hold keyed hashes, and so nothing of anybody.

A mark is SHA-256 over a key and what it stands for, cut to 16 bytes: ClickHouse can compute it, too, so that nobody has
to be told whom to forget. The key is one of the installation's secret, the project and the kind of what is marked.
"""

import hashlib
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, cast

import msgspec

from ingest_api.stream import Redis

#: hash: id of the erasure -> its tombstone
TOMBSTONES = "headrace:tombstones"
#: counts up with every change
VERSION = "headrace:tombstones:version"
MARK_BYTES = 16
#: ids of events that an erasure found and remembers, at the most; and for how long
MOST_IDS = 100_000
REMEMBERED_SECONDS = 90 * 86_400

Kind = Literal["user", "client", "event"]
KINDS: tuple[Kind, ...] = ("user", "client", "event")


class Tombstone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a project is forgotten. Times are Unix milliseconds; marks stand one behind the other."""

    id: str
    project: str
    made_at: int
    #: of user ids: all of what they did up to `made_at`
    users: bytes = b""
    #: of client ids, likewise
    clients: bytes = b""
    #: of client ids that belong to one of the users: likewise, where no other user is named
    linked: bytes = b""
    #: of the ids of events, whenever they come
    events: bytes = b""
    #: what occurred from then on and before then; of one name, or of all
    first_ms: int | None = None
    until_ms: int | None = None
    name: str = ""
    #: of the ids of events that were found: a late retry may bring its id, and a time of its own
    found: bytes = b""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Tombstone).decode


@lru_cache(maxsize=4096)
def key(secret: bytes, project: str, kind: Kind) -> bytes:
    """Whoever has it can tell whether a value has a mark in this project, and in no other."""
    return hashlib.blake2b(f"{kind}\0{project}".encode(), key=secret, digest_size=32).digest()


def mark(key: bytes, value: bytes) -> bytes:
    """16 bytes that stand for a value."""
    return hashlib.sha256(key + value).digest()[:MARK_BYTES]


def marks(key: bytes, values: Iterable[bytes]) -> bytes:
    """The marks of some values, one behind the other, each once."""
    return b"".join(sorted({mark(key, value) for value in values}))


def split(marks: bytes) -> list[bytes]:
    """One by one."""
    return [marks[first : first + MARK_BYTES] for first in range(0, len(marks), MARK_BYTES)]


def stone(
    secret: bytes,
    project: str,
    made_at: int,
    *,
    users: Iterable[str] = (),
    clients: Iterable[str] = (),
    events: Iterable[bytes] = (),
    time: tuple[int, int, str] | None = None,
) -> Tombstone:
    """A new one. `time`: what occurred from then on and before then, of one name or, empty, of all."""
    first_ms, until_ms, name = time or (None, None, "")
    return Tombstone(
        id=secrets.token_hex(8),
        project=project,
        made_at=made_at,
        users=marks(key(secret, project, "user"), (user.encode() for user in users)),
        clients=marks(key(secret, project, "client"), (client.encode() for client in clients)),
        events=marks(key(secret, project, "event"), events),
        first_ms=first_ms,
        until_ms=until_ms,
        name=name,
    )


async def put(redis: Redis, tombstone: Tombstone) -> None:
    """Set it up, or change it. Whoever reads afterwards knows it.

    What it found is forgotten after `REMEMBERED_SECONDS`; the rest stands for ever.
    """
    stone = msgspec.structs.replace(tombstone, found=b"")
    async with redis.pipeline(transaction=True) as pipe:
        cast("Any", pipe).hset(TOMBSTONES, tombstone.id, _encode(stone))
        if tombstone.found:
            pipe.set(_found(tombstone.id), tombstone.found, ex=REMEMBERED_SECONDS)
        pipe.incr(VERSION)
        await pipe.execute()


async def get(redis: Redis, erasure: str) -> Tombstone | None:
    """That of an erasure, or None."""
    raw = await cast("Any", redis).hget(TOMBSTONES, erasure)
    if raw is None:
        return None
    return msgspec.structs.replace(_decode(raw), found=await redis.get(_found(erasure)) or b"")


async def read(redis: Redis) -> tuple[Tombstone, ...]:
    """All of them, the oldest first. Raises redis-py's errors."""
    stones = sorted(map(_decode, await cast("Any", redis).hvals(TOMBSTONES)), key=lambda one: (one.made_at, one.id))
    if not stones:
        return ()
    found = await redis.mget([_found(one.id) for one in stones])
    return tuple(
        msgspec.structs.replace(one, found=ids or b"") if ids else one for one, ids in zip(stones, found, strict=True)
    )


def _found(erasure: str) -> str:
    return f"{TOMBSTONES}:{erasure}:found"
