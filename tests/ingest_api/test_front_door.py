"""The front door's life: without Redis, with it, and with another installation's."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from ingest_api.errors import Unavailable
from ingest_api.front_door import FrontDoor
from ingest_api.settings import Settings
from ingest_api.stream import Redis, install
from tests import stores
from tests.waiting import until

pytestmark = pytest.mark.stack


async def test_it_starts_without_redis_says_so_and_is_ready_when_redis_comes(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://:{stores.REDIS_PASSWORD}@127.0.0.1:{port}/0"
    front_door = FrontDoor(Settings(redis_url=url))
    front_door.start()
    assert await front_door.problem() == "Redis has not answered since the start"
    with pytest.raises(Unavailable):
        _ = front_door.appender
    with stores.local_redis(tmp_path, port=port):

        async def ready() -> bool:
            return await front_door.problem() is None

        await until(ready)
    assert "does not answer" in (await front_door.problem() or "")
    await front_door.stop()
    assert await front_door.problem() == "stopping"


async def test_settings_that_differ_from_the_installation_end_it_with_the_reason(redis: Redis, redis_url: str) -> None:
    await install(redis, 8, 3600)
    front_door = FrontDoor(Settings(redis_url=redis_url, shards=4, window_seconds=3600))
    front_door.start()

    async def mismatch() -> object:
        return front_door.mismatch

    await until(mismatch)
    assert "HEADRACE_SHARDS is 4, but this installation was made with 8" in (await front_door.problem() or "")
    await asyncio.gather(front_door.stop())
