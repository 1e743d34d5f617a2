"""The kept tail: frames that are committed and stay in Redis for replay, until their time is over or room is short."""

from collections.abc import Iterable
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api import memory
from ingest_api.servers import routing
from ingest_api.stream import Redis, Shard, fcall

#: of what is kept, by time, goes at once: small enough to keep as much as there is room for
_PART = 0.125


async def give_way(redis: Redis, shards: Iterable[Shard], percent: int) -> int:
    """Drop the oldest part of these shards' tails while their server holds more than this of its maxmemory.

    Returns how many entries went. What is not committed never does. Call it over and over.
    """
    gone, full = 0, {}
    for shard in shards:
        server = await routing.at(redis, shard.number)
        try:
            if server not in full:
                full[server] = await memory.full(server) * 100 >= percent
            gone += await _shorten(server, shard) if full[server] else 0
        except (RedisError, OSError):
            full[server] = False  # one that is away keeps nobody from trimming the others
            if server is redis:
                raise
    return gone


async def _shorten(redis: Redis, shard: Shard) -> int:
    client = cast("Any", redis)
    floor, oldest = await client.get(shard.floor), await client.xrange(shard.frames, count=1)
    if not floor or not oldest:
        return 0
    first, last = _ms(oldest[0][0]), _ms(floor)
    seconds, micros = await client.time()
    age = seconds * 1000 + micros // 1000 - first
    margin_ms = max(0, int(age - (last - first) * _PART) - 1)
    return sum([int(await fcall(redis, "trim", [key, shard.floor], margin_ms)) for key in (shard.frames, shard.mended)])


def _ms(entry_id: bytes) -> int:
    return int(entry_id.split(b"-")[0])
