"""How far the drain has come: lag and freshness, read from Redis in one round trip."""

from collections.abc import Sequence
from typing import cast

import msgspec

from ingest_api.stream import LIBRARY, Install, Redis, Shard, fcall, lacks_library


class ShardProgress(msgspec.Struct, frozen=True):
    """Where one shard stands. Times are Unix milliseconds by Redis's clock."""

    shard: int
    now: int
    #: when the oldest event that is not yet committed was appended; 0 when all are
    oldest: int
    #: the worker that holds the lease, empty when none does
    owner: str
    floor: str
    #: events appended, duplicate, stored, rejected, repeated, erased, and batches, since install
    counters: dict[str, int]

    @property
    def fresh_through(self) -> int:
        """Every event acknowledged before this moment is visible."""
        return self.oldest or self.now

    @property
    def lag_seconds(self) -> float:
        return (self.now - self.fresh_through) / 1000

    @property
    def waiting(self) -> int:
        """Events appended and not yet stored, rejected, erased or found to be repeated."""
        count = self.counters.get
        return count("appended", 0) - sum(count(name, 0) for name in ("stored", "rejected", "repeated", "erased"))


async def read_progress(redis: Redis, install: Install) -> list[ShardProgress]:
    """Progress of every shard, in the order of their numbers. Raises redis-py's errors."""
    found = await _read(redis, install.shards)
    if wrong := [one for one in found if isinstance(one, Exception)]:
        raise wrong[0]
    return [one for one in found if isinstance(one, ShardProgress)]


async def read_answering(redis: Redis, install: Install) -> list[ShardProgress]:
    """The same of the shards whose servers answer. Raises redis-py's errors when none does."""
    found = await _read(redis, install.shards)
    there = [one for one in found if isinstance(one, ShardProgress)]
    if not there and isinstance(found[0], Exception):
        raise found[0]
    return there


async def _read(redis: Redis, shards: Sequence[Shard]) -> list[ShardProgress | Exception]:
    """Errors stand in the place of what could not be read, where other servers answered."""
    async with redis.pipeline(transaction=False) as pipe:
        for shard in shards:
            pipe.execute_command("FCALL_RO", f"{LIBRARY}_progress", len(_keys(shard)), *_keys(shard))
        replies = await pipe.execute(raise_on_error=False)
    for place, shard in enumerate(shards):  # one after the other, so that each server that lost the library gets it
        if lacks_library(replies[place]):
            replies[place] = await fcall(redis, "progress", _keys(shard))
    return [
        reply if isinstance(reply, Exception) else _progress(shard.number, reply)
        for shard, reply in zip(shards, replies, strict=True)
    ]


def _keys(shard: Shard) -> list[str]:
    return [shard.frames, shard.floor, shard.lease, shard.counters]


def _progress(number: int, reply: object) -> ShardProgress:
    now, oldest, owner, floor, flat = cast("tuple[int, int, bytes, bytes, list[bytes]]", reply)
    counters = {flat[i].decode(): int(flat[i + 1]) for i in range(0, len(flat), 2)}
    return ShardProgress(number, now, oldest, owner.decode(), floor.decode(), counters)
