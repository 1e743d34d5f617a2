"""An installation and the servers that are named: the same ones, in the same order."""

from typing import Any

import pytest

from ingest_api.durability import Level
from ingest_api.servers import layout, routing
from ingest_api.stream import INSTALL, InstallMismatch, connect, install
from tests.topologies import Primaries

pytestmark = pytest.mark.stack


async def refused(url: str) -> str:
    """Why an installation of four shards is not taken there."""
    other = connect(url)
    with pytest.raises(InstallMismatch) as mismatch:
        await install(other, 4, 3600)
    await other.aclose()
    return str(mismatch.value)


async def test_other_servers_than_those_of_the_installation_are_refused_with_a_remedy(
    several: Any, redis_url: str, primaries: Primaries
) -> None:
    first, second = primaries.url.split()
    await install(several, 4, 3600)
    told = await refused(redis_url)
    assert told.startswith("HEADRACE_REDIS_URL names one server for everything, but this installation was made with ")
    assert "a control server and 2 with shards. Name the same servers in the same order." in told
    assert "a control server and 1 with shards" in await refused(f"{redis_url} {first}")
    assert "a control server and a cluster" in await refused(f"{redis_url} redis+cluster://127.0.0.1:1")
    assert "is server 2 of 2 with shards, but HEADRACE_REDIS_URL names it as 1 of 2" in await refused(
        f"{redis_url} {second} {first}"
    )
    assert (await install(several, 4, 3600)).shard_count == 4


async def test_an_installation_from_before_there_were_several_is_on_one(
    several: Any, redis_url: str, primaries: Primaries
) -> None:
    one = connect(redis_url)
    await install(one, 4, 3600)
    await several.hdel(INSTALL, "servers")
    assert "was made with one server for everything" in await refused(f"{redis_url} {primaries.url}")
    assert (await install(one, 4, 3600)).shard_count == 4
    await one.aclose()


async def test_what_a_server_lacks_is_told_with_its_name(several: Any) -> None:
    assert await layout.lacks(several, Level.DISK) == ""
    careless = await routing.at(several, 1)
    await careless.config_set("appendfsync", "everysec")
    told = await layout.lacks(several, Level.DISK)
    await careless.config_set("appendfsync", "always")
    assert told.startswith(f"{routing.name(careless)}: Redis has appendfsync everysec; durability disk needs always")


async def test_it_is_known_when_a_front_door_looked_at_any_server(several: Any) -> None:
    assert await layout.looked_at(several) < 0
    await layout.lacks(await routing.at(several, 1), Level.DISK)
    assert await layout.looked_at(several) > 50_000
