"""Several servers are each looked at, and what fails over is looked at twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clients.cli.checks import redis as checks
from clients.cli.checks.topology import shards
from clients.cli.checkup import State, examine
from ingest_api.durability import Level
from ingest_api.servers import routing
from ingest_api.stream import connect, install, set_durability
from tests.clients.cli.checks.conftest import Look
from tests.topologies import Nodes, Primaries, Watched, command, emptied, running

pytestmark = pytest.mark.stack


async def test_servers_that_are_well_are_told_as_one(
    look: Look, several: Any, redis_url: str, primaries: Primaries
) -> None:
    await install(several, 3, 3600)
    probe = await look(redis_url=f"{redis_url} {primaries.url}")
    found = {check.name: finding async for check, finding in examine(checks.CHECKS, probe)}
    assert {name: finding.state for name, finding in found.items()} == dict.fromkeys(found, State.OK)
    assert found["Redis persistence"].found == "appendonly yes, appendfsync always"
    first, second = await routing.holders(several)
    assert found["shards"].found == ", ".join(
        sorted((f"2 on {routing.name(first)}", f"1 on {routing.name(second)}"), key=lambda one: one[5:])
    )
    assert "topology-of-the-tests" not in found["Redis answers"].found


async def test_the_careless_one_of_several_is_named(
    look: Look, several: Any, redis_url: str, primaries: Primaries
) -> None:
    await install(several, 2, 3600)
    careless = await routing.at(several, 1)
    await careless.config_set("maxmemory-policy", "allkeys-lru")
    probe = await look(redis_url=f"{redis_url} {primaries.url}")
    finding, kept = await checks.eviction(probe), await checks.kept(probe)
    await careless.config_set("maxmemory-policy", "noeviction")
    assert (finding.state, finding.found) == (
        State.FAIL,
        f"{routing.name(careless)}: maxmemory-policy allkeys-lru",
    )
    assert kept.remedy.startswith(f"{routing.name(careless)}: Redis has maxmemory-policy allkeys-lru")


async def test_one_of_several_that_is_away_is_named(
    look: Look, several: Any, redis_url: str, primaries: Primaries
) -> None:
    lost = await routing.at(several, 1)
    away = primaries.actor(lost)
    await away.kill()
    finding = await checks.answers(await look(redis_url=f"{redis_url} {primaries.url}"))
    await away.start()
    assert (finding.state, finding.found.startswith(f"{routing.name(lost)}: ")) == (State.FAIL, True)


async def test_a_cluster_below_replica_and_one_that_must_be_whole_are_warned_of(
    look: Look, redis_url: str, nodes: Nodes
) -> None:
    url = f"{redis_url} {nodes.url}"
    async with emptied(url) as redis:
        await install(redis, 4, 3600)
        probe = await look(redis_url=url)
        below = await shards(probe)
        assert (below.state, below.remedy.endswith("headrace durability replica.")) == (State.WARN, True)
        await set_durability(redis, Level.REPLICA)
        assert (await shards(probe)).state is State.OK
        await asyncio.gather(
            *(command(port, "CONFIG", "SET", "cluster-require-full-coverage", "yes") for port in nodes.ports)
        )
        whole = await shards(probe)
        await asyncio.gather(
            *(command(port, "CONFIG", "SET", "cluster-require-full-coverage", "no") for port in nodes.ports)
        )
        assert (whole.state, "cluster-require-full-coverage yes" in whole.found) == (State.WARN, True)


async def test_sentinel_below_replica_is_warned_of(look: Look, tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as servers:
        redis = connect(servers.url)
        await install(redis, 2, 3600)
        probe = await look(redis_url=servers.url)
        assert (await shards(probe)).state is State.WARN
        await set_durability(redis, Level.REPLICA)
        assert (await shards(probe)).state is State.OK
        await redis.aclose()
