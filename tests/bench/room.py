"""Where a stage takes place: a folder and a Redis of its own, both gone at the end."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest_api.settings import Settings
from ingest_api.stream import Install, connect, install
from tests import stores
from tests.bench import children

#: a stage writes more, in its minute, than a test does
_MEMORY = "2gb"


@contextmanager
def room() -> Iterator[tuple[Path, str, Install]]:
    """Yields the folder, the URL of the Redis, and the installation in it."""
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder,
        children.on_cpu(children.OTHERS),
        stores.local_redis(Path(folder)) as redis,
    ):
        yield Path(folder), redis, asyncio.run(_install(redis))


async def _install(redis_url: str) -> Install:
    redis, settings = connect(redis_url), Settings()
    await redis.config_set("maxmemory", _MEMORY)
    made = await install(redis, settings.shards, settings.window_seconds)
    await redis.aclose()
    return made
