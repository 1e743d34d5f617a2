"""The front door's life: without Redis, with it, and with another installation's or one that is set up carelessly."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.local.ports import free_port
from ingest_api.durability import Level
from ingest_api.errors import Unavailable
from ingest_api.front_door import FrontDoor
from ingest_api.settings import Settings
from ingest_api.stream import INSTALL, InstallMismatch, Redis, connect, install, read_install
from tests import stores
from tests.ingest_api.pair import CAREFUL, valkey
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
    await install(redis, 4, 3600)
    front_door = FrontDoor(Settings(redis_url=redis_url, shards=4, window_seconds=60))
    front_door.start()

    async def mismatch() -> object:
        return front_door.mismatch

    await until(mismatch)
    assert "HEADRACE_WINDOW_SECONDS is 60, but this installation was made with 3600" in (
        await front_door.problem() or ""
    )
    await asyncio.gather(front_door.stop())


async def test_another_durability_than_the_installation_s_names_the_command_that_changes_it(
    redis: Redis, redis_url: str
) -> None:
    await install(redis, 4, 3600)
    with pytest.raises(
        InstallMismatch, match="HEADRACE_DURABILITY is os, but this installation is kept at disk"
    ) as mismatch:
        await install(redis, 4, 3600, Level.OS)
    assert "Set it to disk, or change the installation: headrace durability os" in str(mismatch.value)


async def test_an_installation_made_before_there_were_levels_gets_the_one_it_is_started_with(redis: Any) -> None:
    await install(redis, 4, 3600)
    await redis.hdel(INSTALL, "durability")
    assert (await read_install(redis)).durability is Level.DISK
    assert (await install(redis, 4, 3600, Level.OS)).durability is Level.OS


@pytest.mark.parametrize(
    ("spoil", "told", "mend"),
    [
        ("CONFIG SET appendfsync everysec", "appendfsync everysec; durability disk", "CONFIG SET appendfsync always"),
        ("ACL SETUSER default -config", "may not read the configuration", "ACL SETUSER default +config"),
        ("ACL SETUSER default -waitaof", "WAITAOF fails", "ACL SETUSER default +waitaof"),
    ],
)
async def test_a_redis_that_may_lose_events_gets_none_until_it_is_set_right(spoil: str, told: str, mend: str) -> None:
    with valkey(**CAREFUL) as server:
        url = f"{server.connection_url}/0"
        redis: Any = connect(url)
        await redis.execute_command("ACL", "SETUSER", "operator", "on", "nopass", "~*", "+@all")
        operator: Any = connect(url.replace("redis://", "redis://operator:any@"))
        await operator.execute_command(*spoil.split())
        front_door = FrontDoor(Settings(redis_url=url))
        front_door.start()

        async def problem() -> str:
            return await front_door.problem() or ""

        async def named() -> bool:
            return told in await problem()

        await until(named)
        with pytest.raises(Unavailable, match="cannot keep events as safe as promised"):
            _ = front_door.appender
        await operator.execute_command(*mend.split())

        async def ready() -> bool:
            return not await problem()

        await until(ready)
        assert front_door.appender
        await front_door.stop()
        await redis.aclose()
        await operator.aclose()
