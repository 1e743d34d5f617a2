"""Whether a server keeps a level, asked of real Valkeys that are set up in every wrong way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from ingest_api import durability
from ingest_api.durability import Level
from ingest_api.stream import connect
from tests.ingest_api.pair import CAREFUL, pair, valkey
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def careful() -> AsyncIterator[Any]:
    """A client of a server that keeps `disk`, whose configuration a test may spoil."""
    with valkey(**CAREFUL) as server:
        redis = connect(f"{server.connection_url}/0")
        yield redis
        await redis.aclose()


async def look(redis: Any, level: Level) -> str:
    return await durability.look_through(redis, level)


async def test_the_configuration_of_the_local_stack_keeps_disk(redis: Any) -> None:
    assert await look(redis, Level.DISK) == ""


@pytest.mark.parametrize(
    ("level", "name", "value", "needed"),
    [
        (Level.DISK, "appendfsync", "everysec", "always"),
        (Level.DISK, "appendfsync", "no", "always"),
        (Level.REPLICA, "appendfsync", "everysec", "always"),
        (Level.OS, "appendfsync", "no", "always or everysec"),
        *((level, "appendonly", "no", "yes") for level in Level),
        *((level, "maxmemory-policy", "allkeys-lru", "noeviction") for level in Level),
        (Level.DISK, "maxmemory-policy", "volatile-ttl", "noeviction"),
        (Level.DISK, "no-appendfsync-on-rewrite", "yes", "no"),
    ],
)
async def test_what_is_set_wrong_is_named_with_what_the_level_needs(
    careful: Any, level: Level, name: str, value: str, needed: str
) -> None:
    await careful.config_set(name, value)
    told = await look(careful, level)
    assert told.startswith(f"Redis has {name} {value}; durability {level} needs {needed}. Set it with CONFIG SET")


@pytest.mark.parametrize("fsync", ["always", "everysec"])
async def test_os_is_kept_by_a_file_that_is_synced_each_second_too(careful: Any, fsync: str) -> None:
    await careful.config_set("appendfsync", fsync)
    assert await look(careful, Level.OS) == ""


async def test_a_first_file_that_is_still_being_written_keeps_nothing(careful: Any) -> None:
    await careful.config_set("appendonly", "no")
    await careful.eval("for i = 1, 1000 do redis.call('SET', 'k' .. i, i) end", 0)
    await careful.config_set("rdb-key-save-delay", 8000)  # microseconds a key: the first file takes longer than a look
    await careful.config_set("appendonly", "yes")
    assert "first append-only file still being written" in await look(careful, Level.DISK)

    async def kept() -> bool:
        return not await look(careful, Level.DISK)

    assert await until(kept, within=30)


@pytest.mark.parametrize(
    ("forbidden", "told"),
    [("-config", "may not read the configuration: ACL SETUSER <user> +config|get"), ("-waitaof", "WAITAOF fails")],
)
async def test_a_user_who_may_not_ask_is_told(careful: Any, forbidden: str, told: str) -> None:
    await careful.execute_command("ACL", "SETUSER", "looker", "on", "nopass", "~*", "+@all", forbidden)
    host = careful.connection_pool.connection_kwargs
    url = URL.build(scheme="redis", user="looker", password="any", host=host["host"], port=host["port"], path="/0")
    looker = connect(str(url))
    assert told in await look(looker, Level.DISK)
    await looker.aclose()


@pytest.mark.parametrize(
    ("unknown", "told"),
    [("CONFIG", "does not tell its configuration"), ("WAITAOF", "Redis 7.2 or newer, or any Valkey")],
)
async def test_a_server_that_lacks_a_command_is_not_trusted(unknown: str, told: str) -> None:
    with valkey(**CAREFUL, **{"rename-command": f'{unknown} ""'}) as server:
        redis = connect(f"{server.connection_url}/0")
        assert told in await look(redis, Level.OS)
        await redis.aclose()


async def test_a_full_redis_keeps_what_it_holds(careful: Any) -> None:
    await careful.config_set("maxmemory", 1)
    assert await look(careful, Level.DISK) == ""


async def test_a_redis_that_takes_no_write_says_why() -> None:
    async with pair() as both:
        assert "Redis takes no write: You can't write against a read only" in await look(both.replica, Level.DISK)


async def test_replica_needs_a_replica_that_has_what_was_written_on_its_disk(careful: Any) -> None:
    assert "No replica has put a write on its disk" in await look(careful, Level.REPLICA)
    async with pair() as both:
        await both.together()
        assert await look(both.primary, Level.REPLICA) == ""
        both.cut()
        assert "No replica has put a write on its disk" in await look(both.primary, Level.REPLICA)
        both.mend()
        await both.together()
        assert await look(both.primary, Level.REPLICA) == ""


async def test_a_replica_without_a_file_does_not_count(careful: Any) -> None:
    async with pair(appendonly="no") as both:
        await both.primary.wait(1, 5000)
        assert "No replica has put a write on its disk" in await look(both.primary, Level.REPLICA)
        assert await look(both.primary, Level.DISK) == ""
