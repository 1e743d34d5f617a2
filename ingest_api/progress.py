"""How far the drain has come: lag and freshness, read from Redis in one round trip per shard."""

from typing import cast

import msgspec

from ingest_api.stream import LIBRARY, Install, Redis, fcall


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
    """Progress of every shard, in the order of their numbers."""
    shards = install.shards
    first = shards[0]  # alone, so that a server that lost the library gets it back
    replies = [await fcall(redis, "progress", [first.frames, first.floor, first.lease, first.counters])]
    async with redis.pipeline(transaction=False) as pipe:
        for shard in shards[1:]:
            keys = (shard.frames, shard.floor, shard.lease, shard.counters)
            pipe.execute_command("FCALL_RO", f"{LIBRARY}_progress", len(keys), *keys)
        replies += await pipe.execute()
    return [_progress(shard.number, reply) for shard, reply in zip(shards, replies, strict=True)]


def _progress(number: int, reply: object) -> ShardProgress:
    now, oldest, owner, floor, flat = cast("tuple[int, int, bytes, bytes, list[bytes]]", reply)
    counters = {flat[i].decode(): int(flat[i + 1]) for i in range(0, len(flat), 2)}
    return ShardProgress(number, now, oldest, owner.decode(), floor.decode(), counters)
