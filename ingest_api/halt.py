"""Halted shards: what a drain says when it must not go on by itself, and the operator's word that it may."""

from typing import Any, cast

import msgspec

from ingest_api.stream import Install, Redis, Shard

#: a drain says it every second; what nobody repeats any longer is forgotten after this
FORGOTTEN_MS = 15_000
#: an operator's word for one batch ends after this, should the batch never come
WORD_MS = 600_000


class Halt(msgspec.Struct, frozen=True):
    """Why a shard stands still. `since` is in Unix milliseconds; `span` names the batch that waits."""

    shard: int
    since: int
    span: str
    reason: str


async def announce(redis: Redis, shard: Shard, halt: Halt) -> None:
    """Say that the shard is halted."""
    await redis.set(shard.halted, msgspec.json.encode(halt), px=FORGOTTEN_MS)


async def withdraw(redis: Redis, shard: Shard) -> None:
    """It goes on."""
    await redis.delete(shard.halted)


async def read(redis: Redis, install: Install) -> list[Halt]:
    """The shards that are halted now."""
    async with redis.pipeline(transaction=False) as pipe:
        for shard in install.shards:
            pipe.get(shard.halted)
        said = await pipe.execute()
    return [msgspec.json.decode(raw, type=Halt) for raw in said if raw]


async def allow(redis: Redis, shard: Shard, halt: Halt, for_ms: int = 0) -> None:
    """Let the batch that halts the shard pass; with `for_ms`, every batch during that time."""
    word, lasting = ("*", for_ms) if for_ms else (halt.span, WORD_MS)
    await redis.set(shard.allow, word, px=lasting)


async def allowed(redis: Redis, shard: Shard, span: str) -> bool:
    """Whether an operator let this batch pass."""
    return await cast("Any", redis.get(shard.allow)) in {b"*", span.encode()}
