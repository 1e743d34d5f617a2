"""What a worker says of itself in Redis, for its peers, for `make status` and for `headrace doctor`."""

from typing import Any, cast

import msgspec

from ingest_api.stream import WORKERS, Redis

#: a worker that was not heard of for this long does not count
SILENT_MS = 5_000
#: and is forgotten after this long
FORGOTTEN_MS = 60_000


class Heartbeat(msgspec.Struct, frozen=True):
    """One worker's last words. Times are Unix milliseconds by Redis's clock."""

    id: str
    pid: int
    host: str
    started_at: int
    seen_at: int
    shards: list[int]
    #: draining, waiting or stopping
    state: str
    #: why it waits, for people
    problem: str = ""


async def redis_ms(redis: Redis) -> int:
    """Redis's clock, which all workers share."""
    seconds, micros = await redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


async def exchange(redis: Redis, mine: Heartbeat) -> list[Heartbeat]:
    """Say mine, hear the others': the workers alive now, mine among them, longest serving first."""
    client = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"
    await client.hset(WORKERS, mine.id, msgspec.json.encode(mine))
    heard = [msgspec.json.decode(raw, type=Heartbeat) for raw in await client.hvals(WORKERS)]
    for other in heard:
        if mine.seen_at - other.seen_at > FORGOTTEN_MS:
            await client.hdel(WORKERS, other.id)
    alive = [other for other in heard if mine.seen_at - other.seen_at <= SILENT_MS and other.state != "stopping"]
    return sorted(alive, key=lambda other: (other.started_at, other.id))


async def withdraw(redis: Redis, worker_id: str) -> None:
    """Say good-bye."""
    await cast("Any", redis).hdel(WORKERS, worker_id)
