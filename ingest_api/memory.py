"""How full Redis is."""

from typing import Any, cast

from ingest_api.stream import Redis


async def full(redis: Redis) -> float:
    """Used of allowed memory, as Redis itself reckons before it refuses a write; 0 where there is no maxmemory."""
    info = await cast("Any", redis).info("memory")
    limit = int(info["maxmemory"])
    return (int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))) / limit if limit else 0.0
