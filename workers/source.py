"""A shard as its owner sees it: take a batch, commit it, trim what is long committed."""

from typing import cast

from redis.exceptions import ResponseError

from ingest_api.stream import Redis, Shard, fcall
from workers.batch import Entry
from workers.errors import Fenced


class Source:
    """One lease's view of a shard. Every call checks the epoch; after a take-over each raises `Fenced`."""

    def __init__(self, redis: Redis, shard: Shard, epoch: int) -> None:
        self._redis = redis
        self.shard = shard
        self.epoch = epoch

    async def take(self, max_events: int, max_bytes: int, linger_ms: int) -> tuple[list[Entry], int]:
        """The next batch: the pending list when there is one, else new entries once enough are there.

        Returns the entries and, when there are none, the milliseconds until what waits is ripe (0: nothing waits).
        """
        keys = [self.shard.frames, self.shard.epoch]
        entries, ripe_in = await self._call("take", keys, max_events, max_bytes, linger_ms)
        return cast("tuple[list[Entry], int]", (entries, ripe_in))

    async def commit(self, entry_ids: list[str], stored: int, rejected: int, repeated: int) -> None:
        """Acknowledge the batch, move the floor and count, in one step."""
        keys = [self.shard.frames, self.shard.epoch, self.shard.floor, self.shard.counters]
        await self._call("commit", keys, stored, rejected, repeated, *entry_ids)

    async def _call(self, name: str, keys: list[str], *args: str | int) -> list[object]:
        try:
            return cast("list[object]", await fcall(self._redis, name, keys, self.epoch, *args))
        except ResponseError as error:
            if str(error).startswith("FENCED"):
                raise Fenced(str(error)) from error
            raise


async def trim(redis: Redis, shard: Shard, keep_minutes: int) -> int:
    """Drop entries below the floor that are older than this. Returns how many."""
    keys = [shard.frames, shard.floor]
    return int(await fcall(redis, "trim", keys, keep_minutes * 60_000))
