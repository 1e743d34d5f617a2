"""Status, asked of a real stack."""

import os
import signal

import pytest

from deploy.local import status
from deploy.local.home import Home
from deploy.local.running import RunningStack
from deploy.local.settings import Settings
from deploy.local.status import Status
from tests.deploy.local.small_parts import eventually
from tests.waiting import until


async def test_where_nothing_runs_the_status_says_how_to_start(home: Home) -> None:
    found = await status.ask(home, Settings())
    assert (found.running, found.healthy) == (False, False)
    assert found.problem == f"Nothing runs in {home.path}. Start it with `make up`."
    assert status.render(found) == found.problem


@pytest.mark.stack
async def test_a_healthy_stack_shows_every_part_and_every_shard(local_stack: RunningStack) -> None:
    async def shared() -> Status | None:
        """The worker that came first gives up its half within three rounds of a second each."""
        found = await status.ask(local_stack.home, Settings())
        return found if len({shard.owner for shard in found.shards if shard.owner}) == 2 else None

    found = await until(shared)
    assert found is not None
    assert found.healthy, found
    assert sorted(part.name for part in found.parts) == sorted(
        ["redis", "clickhouse", "ingest_api", "ingest_api", "worker", "worker", "queries", "origin"]
    )
    assert all(part.memory_bytes > 1_000_000 for part in found.parts)
    assert len(found.shards) == 2
    assert all(shard.waiting == 0 for shard in found.shards)


@pytest.mark.stack
async def test_a_part_that_is_down_makes_the_stack_unhealthy(local_stack: RunningStack) -> None:
    origin = local_stack.parts("origin")[0].pid
    assert origin
    os.kill(origin, signal.SIGKILL)
    await eventually(lambda: local_stack.parts("origin")[0].pid is None)
    found = await status.ask(local_stack.home, Settings())
    assert not found.healthy
    assert [part.problem for part in found.parts if part.name == "origin"] != [""]
    await local_stack.until_healthy()
