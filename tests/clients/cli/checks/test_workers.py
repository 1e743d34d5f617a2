"""The checks of the workers, on what a real Valkey holds."""

from typing import Any

import msgspec
import pytest

from clients.cli.checks import workers as checks
from clients.cli.checks.redis import installation
from clients.cli.checkup import Probe, State
from ingest_api import stream
from ingest_api.stream import Shard
from tests.clients.cli.checks.conftest import Look

pytestmark = pytest.mark.stack


@pytest.fixture
async def probe(look: Look, installed: Any, redis_url: str) -> Probe:
    """A probe that knows the installation of two shards."""
    found = await look(redis_url=redis_url)
    await installation(found)
    return found


async def say(redis: Any, worker: str, *, ago_ms: int = 0, problem: str = "", state: str = "waiting") -> None:
    """A worker's heartbeat."""
    seconds, _ = await redis.time()
    seen_at = seconds * 1000 - ago_ms
    told = checks.Worker(worker, 7, "host", seen_at, [0, 1], state if problem else "draining", problem)
    await redis.hset(stream.WORKERS, worker, msgspec.json.encode(told))


async def test_no_worker_is_a_failure(probe: Probe) -> None:
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.FAIL, "no worker is alive")


async def test_a_silent_worker_is_taken_for_dead(probe: Probe, installed: Any) -> None:
    await say(installed, "a", ago_ms=20_000)
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.FAIL, "no worker is alive; 1 said nothing for 10 s")


async def test_live_workers_are_named(probe: Probe, installed: Any) -> None:
    await say(installed, "a")
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.OK, "1 alive: host (pid 7)")


async def test_one_that_fell_silent_beside_another_is_a_warning(probe: Probe, installed: Any) -> None:
    await say(installed, "a")
    await say(installed, "b", ago_ms=20_000)
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.WARN, "1 alive; host (pid 7) said nothing for 10 s")


async def test_a_stuck_worker_is_a_failure_and_is_to_be_restarted(probe: Probe, installed: Any) -> None:
    await say(installed, "a")
    await say(installed, "b", problem="shard 1 has not moved for 95 s", state="stuck")
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (
        State.FAIL,
        "host (pid 7) is stuck: shard 1 has not moved for 95 s",
    )
    assert finding.remedy.startswith("Restart it")


async def test_a_workers_problem_is_passed_on(probe: Probe, installed: Any) -> None:
    await say(installed, "a", problem="ClickHouse is away")
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.WARN, "host (pid 7): ClickHouse is away")


async def test_a_shard_without_a_worker_is_a_failure(probe: Probe, installed: Any) -> None:
    await stream.fcall(installed, "lease", [Shard(0).lease, Shard(0).epoch], "a", 60_000)
    finding = await checks.owned(probe)
    assert (finding.state, finding.found) == (State.FAIL, "nobody drains shard 1")
    await stream.fcall(installed, "lease", [Shard(1).lease, Shard(1).epoch], "a", 60_000)
    assert (await checks.owned(probe)).found == "2 shards with 1 worker"


@pytest.mark.parametrize(("age", "state"), [(0.0, State.OK), (30.0, State.WARN), (90.0, State.FAIL)])
async def test_lag_is_the_age_of_the_oldest_event_that_waits(
    probe: Probe, installed: Any, age: float, state: State
) -> None:
    seconds, _ = await installed.time()
    entry = f"{int((seconds - age) * 1000)}-0"
    await installed.xadd(Shard(1).frames, {"f": b"", "n": 3, "b": 1}, id=entry)
    await installed.hincrby(Shard(1).counters, "appended", 3)
    finding = await checks.lag(probe)
    assert finding.state is state
    assert "3 events wait" in finding.found
    assert ("shard 1" in finding.found) is (state is not State.OK)


async def test_a_halted_shard_is_a_failure_that_says_what_to_do(probe: Probe, installed: Any) -> None:
    await say(installed, "a", problem="shard 1 is halted: half of it", state="halted")
    finding = await checks.alive(probe)
    assert (finding.state, finding.found) == (State.FAIL, "shard 1 is halted: half of it")
    assert "headrace rejected allow" in finding.remedy
