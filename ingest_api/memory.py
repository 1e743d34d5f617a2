"""How full Redis is."""

import asyncio
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api.servers import routing
from ingest_api.stream import Redis


async def full(redis: Redis) -> float:
    """Used of allowed memory of the fullest server that answers. Raises redis-py's errors when none does."""
    asked = [_share(one) for one in await routing.servers(redis)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    shares = [one for one in found if not isinstance(one, BaseException)]
    for wrong in (one for one in found if isinstance(one, BaseException)):
        if not shares or not isinstance(wrong, RedisError | OSError):
            raise wrong
    return max(shares)


async def _share(redis: Redis) -> float:
    """As a server itself reckons before it refuses a write; 0 where there is no maxmemory."""
    info = await cast("Any", redis).info("memory")
    limit = int(info["maxmemory"])
    return (int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))) / limit if limit else 0.0
