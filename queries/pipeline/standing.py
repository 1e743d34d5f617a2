"""Standing: how the pipeline stands, told to Prometheus by a process that lives also when no worker does."""

import asyncio
import logging

from redis.exceptions import RedisError

from ingest_api import memory
from ingest_api.stream import InstallMismatch, Redis
from queries import telemetry
from queries.freshness import Freshness, lag_seconds

log = logging.getLogger(__name__)

#: pause between two looks
_LOOK_SECONDS = 5.0


async def watch(redis: Redis, freshness: Freshness) -> None:
    """Look over and over, until it is cancelled."""
    while True:
        await look(redis, freshness)
        await asyncio.sleep(_LOOK_SECONDS)


async def look(redis: Redis, freshness: Freshness) -> None:
    """Ask Redis once. What was found before stays where it does not answer, or holds no installation yet."""
    try:
        shards, full = await freshness.read(), await memory.full(redis)
    except (RedisError, OSError, InstallMismatch) as why:
        log.debug("cannot look", extra={"action": "standing", "why": str(why)})
        telemetry.REDIS_REACHABLE.set(0)
        return
    telemetry.REDIS_REACHABLE.set(1)
    telemetry.LAG_SECONDS.set(lag_seconds(shards))
    telemetry.WAITING_EVENTS.set(sum(one.waiting for one in shards))
    telemetry.FREE_SHARDS.set(sum(not one.owner for one in shards))
    telemetry.REDIS_FULL_RATIO.set(full)
