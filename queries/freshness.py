"""Freshness: up to which moment an answer is complete, and how far behind the drain is."""

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import Install, Redis, read_install


class Freshness:
    """Asks Redis how far the drain has come. Read it *before* the question is run: the answer can only be newer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._install: Install | None = None

    async def read(self) -> list[ShardProgress]:
        """Progress of every shard. Raises redis-py's errors, and `InstallMismatch` before the first install."""
        return await read_progress(self._redis, await self.install())

    async def install(self) -> Install:
        """What never changes. Raises `InstallMismatch` before the first install."""
        if self._install is None:
            self._install = await read_install(self._redis)
        return self._install


def fresh_through(shards: list[ShardProgress]) -> int:
    """Unix milliseconds: every event acknowledged before this moment is visible."""
    return min(shard.fresh_through for shard in shards)


def lag_seconds(shards: list[ShardProgress]) -> float:
    """How long the oldest event that is not visible yet has waited."""
    return max(shard.lag_seconds for shard in shards)
