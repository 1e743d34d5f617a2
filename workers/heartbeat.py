"""What a worker says of itself in Redis, for its peers, for `make status` and for `headrace doctor`."""

from typing import Any, cast

import msgspec

from ingest_api.stream import WORKERS, Redis, fcall

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
    #: draining, waiting for a store, halted by the breaker, stopping, or stuck: work waits, and nothing explains it
    state: str
    #: why it waits or is stuck, for people
    problem: str = ""
    #: since when the shard that moved least recently has neither been empty nor committed anything
    moved_at: int = 0
    #: the last migration that its build knows; 0: a build from before this was told
    schema: int = 0


async def redis_ms(redis: Redis) -> int:
    """Redis's clock, which all workers share."""
    seconds, micros = await redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


async def exchange(redis: Redis, mine: Heartbeat) -> list[Heartbeat]:
    """Say mine, hear the others': the workers alive now, mine among them, longest serving first."""
    await fcall(redis, "beat", [WORKERS], mine.id, msgspec.json.encode(mine))  # also into a full Redis
    heard = await read(redis)
    for other in heard:
        if abs(mine.seen_at - other.seen_at) > FORGOTTEN_MS:  # also one from before the clock jumped back
            await withdraw(redis, other.id)
    alive = [other for other in heard if abs(mine.seen_at - other.seen_at) <= SILENT_MS and other.state != "stopping"]
    return sorted(alive, key=lambda other: (other.started_at, other.id))


async def read(redis: Redis) -> list[Heartbeat]:
    """What every worker said last, in no order."""
    said = await cast("Any", redis).hvals(WORKERS)  # redis-py 5 types each answer as "awaitable or not"
    return [msgspec.json.decode(raw, type=Heartbeat) for raw in said]


async def older(redis: Redis, schema: int) -> list[Heartbeat]:
    """Workers whose build does not know this migration. Silent ones count until they are forgotten: one may be back."""
    now = await redis_ms(redis)
    heard = await read(redis)
    return [one for one in heard if one.schema < schema and abs(now - one.seen_at) <= FORGOTTEN_MS]


async def withdraw(redis: Redis, worker_id: str) -> None:
    """Say good-bye."""
    await cast("Any", redis).hdel(WORKERS, worker_id)
