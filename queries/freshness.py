"""Freshness: up to which moment an answer is complete, and how far behind the drain is.

A shard whose server is away has come as far as it had when it was last heard of: what was acknowledged before then, and
nothing later, is known to be visible. So an answer stays right, and gets older, until the server is back.
"""

import asyncio

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError

from ingest_api.progress import ShardProgress, read_answering
from ingest_api.stream import Install, Redis, read_install


class Freshness:
    """Asks Redis how far the drain has come. Read it *before* the question is run: the answer can only be newer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._install: Install | None = None
        #: by shard
        self._heard: dict[int, ShardProgress] = {}

    async def read(self) -> list[ShardProgress]:
        """Progress of every shard. Raises redis-py's errors, and `InstallMismatch` before the first install.

        The first time every server must answer; later one of several may be away.
        """
        install, answered = await self._look()
        self._heard |= {one.shard: one for one in answered}
        now, there = max(one.now for one in answered), {one.shard for one in answered}
        for number in range(install.shard_count):
            if number not in self._heard:
                raise RedisConnectionError(f"The server of shard {number} has not answered yet.")
        return [
            one if one.shard in there else msgspec.structs.replace(one, now=now, oldest=one.fresh_through)
            for one in (self._heard[number] for number in range(install.shard_count))
        ]

    async def install(self) -> Install:
        """The installation as it is now. Raises `InstallMismatch` before the first install."""
        return await read_install(self._redis)

    async def _look(self) -> tuple[Install, list[ShardProgress]]:
        """Of all shards that there are by now: an answer that left a new one out would claim too much."""
        found = self._install or await self.install()
        while True:
            before = found
            found, answered = await asyncio.gather(self.install(), read_answering(self._redis, before))
            self._install = found
            if found.shard_count == before.shard_count:
                return found, answered


def fresh_through(shards: list[ShardProgress]) -> int:
    """Unix milliseconds: every event acknowledged before this moment is visible."""
    return min(shard.fresh_through for shard in shards)


def lag_seconds(shards: list[ShardProgress]) -> float:
    """How long the oldest event that is not visible yet has waited."""
    return max(shard.lag_seconds for shard in shards)
