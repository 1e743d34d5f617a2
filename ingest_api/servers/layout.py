"""The layout: on which servers the shards of an installation lie. Fixed at install: data stay where they are."""

import logging
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api import durability
from ingest_api.durability import Level
from ingest_api.servers import routing
from ingest_api.servers.primary import Redis
from ingest_api.servers.routing import Routing
from ingest_api.servers.spread import Several

log = logging.getLogger(__name__)

#: on each server that holds shards beside others: which of them it is
PLACE = "headrace:place"
#: hash tags of shards that there may be
_TAGS = 256
_MOVE = (
    "Name the same servers in the same order. To move the shards to others: stop everything, headrace backup, and "
    "headrace restore into the new ones."
)


def disagreement(redis: Redis, stored: str) -> str:
    """What is wrong with the servers that are named now, for people; empty when they are those of the installation."""
    found = routing.kind(redis)
    if found == stored:
        return ""
    return f"HEADRACE_REDIS_URL names {_told(found)}, but this installation was made with {_told(stored)}. {_MOVE}"


async def misplaced(redis: Redis) -> str:
    """Which server is named in another's place; empty when none is. One that is away is not asked."""
    spread = redis.spread if isinstance(redis, Routing) else None
    if not isinstance(spread, Several):
        return ""
    for number, one in enumerate(spread.servers, 1):
        mine = f"{number} of {len(spread.servers)}".encode()
        try:
            await cast("Any", one).set(PLACE, mine, nx=True)
            found = await cast("Any", one).get(PLACE)
        except (RedisError, OSError) as error:
            told = {"action": "start", "server": routing.name(one), "why": str(error)}
            log.warning("a server with shards is away", extra=told)
            continue
        if found != mine:
            name, place = routing.name(one), found.decode()
            return f"{name} is server {place} with shards, but HEADRACE_REDIS_URL names it as {mine.decode()}. {_MOVE}"
    return ""


async def lacks(redis: Redis, level: Level) -> str:
    """What servers lack for the level and how to mend it; empty when each keeps it. Raises redis-py's errors."""
    every = await routing.servers(redis)
    found = {one: await durability.look_through(one, level, _probe(redis, one)) for one in every}
    return "; ".join(f"{routing.name(one)}: {why}" if len(every) > 1 else why for one, why in found.items() if why)


async def looked_at(redis: Redis) -> int:
    """Milliseconds of a minute that are left since a front door looked at a server last; below 0 when none did."""
    return max([int(await cast("Any", one).pttl(_probe(redis, one))) for one in await routing.servers(redis)])


def _probe(redis: Redis, server: Redis) -> str:
    if isinstance(redis, Routing) and server is redis.control:
        return durability.PROBE
    return routing.probe(redis, next((shard for shard in range(_TAGS) if routing.known(redis, shard) is server), 0))


def _told(kind: str) -> str:
    if kind == "cluster":
        return "a control server and a cluster"
    return f"a control server and {kind} with shards" if kind else "one server for everything"
