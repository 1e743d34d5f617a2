"""An installation whose number of shards is raised, as `headrace shards raise` does it."""

from ingest_api import raising
from ingest_api.stream import Install, Redis, read_install


async def raised(redis: Redis, count: int) -> Install:
    """Raise it, and read what it is then."""
    async for _ in raising.steps(redis, await read_install(redis), count):
        pass
    return await read_install(redis)
