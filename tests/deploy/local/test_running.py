"""A real stack: parts that die come back, and what was acknowledged stays."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.local import record
from deploy.local.demo import count_events, send, until_queryable
from deploy.local.home import HomeTaken
from deploy.local.running import RunningStack, running
from deploy.local.traffic import acts
from tests.deploy.local.small_parts import eventually, wait_until

pytestmark = pytest.mark.stack


async def count_after_sending(env: Mapping[str, str], count: int) -> int:
    """All events that can be queried after `count` new ones were sent."""
    now = time.time_ns() // 1_000_000
    sent = await send(acts(now, count, now), env, step=lambda _: None)
    assert (sent.total, sent.refused) == (count, [])
    await until_queryable(env["HEADRACE_REDIS_URL"])
    return (await count_events(env, ()))[""]


@pytest.mark.parametrize("name", ["redis", "clickhouse", "ingest_api", "worker", "queries", "origin"])
async def test_a_part_that_is_killed_comes_back_alone_and_stack_json_is_true(
    local_stack: RunningStack, name: str
) -> None:
    await local_stack.until_healthy()
    before, others = local_stack.parts(name)[0], [part for part in local_stack.parts() if part.name != name]
    assert before.pid
    os.kill(before.pid, signal.SIGKILL)
    await eventually(lambda: local_stack.parts(name)[0].restarts == before.restarts + 1)
    after = local_stack.parts(name)[0]
    assert after.pid != before.pid
    assert after.port == before.port
    assert record.leftovers([after]) == [after]
    await local_stack.until_healthy()
    assert [part for part in local_stack.parts() if part.name != name] == others


async def test_every_event_is_counted_once_though_each_part_is_killed_while_they_come(
    local_stack: RunningStack,
) -> None:
    await local_stack.until_healthy()
    before = (await count_events(local_stack.env, ()))[""]
    for name in ("worker", "clickhouse", "redis"):
        part = local_stack.parts(name)[0]
        assert part.pid
        now = time.time_ns() // 1_000_000
        made, killed = acts(now, 300, now), list[int]()

        def kill(done: int, pid: int = part.pid, killed: list[int] = killed) -> None:
            if not killed:
                os.kill(pid, signal.SIGKILL)
            killed.append(done)

        sent = await send(made, local_stack.env, step=kill)
        assert (sent.total, sent.refused) == (300, [])
        await local_stack.until_healthy()
    await until_queryable(local_stack.env["HEADRACE_REDIS_URL"])
    assert (await count_events(local_stack.env, ()))[""] - before == 900


def test_a_second_stack_in_the_same_home_is_refused(local_stack: RunningStack) -> None:
    with pytest.raises(HomeTaken, match="already runs"), running(local_stack.home.path):
        pass
    assert local_stack.supervisor.poll() is None


async def test_a_stack_stops_without_a_trace_and_the_next_one_has_its_data_keys_and_ports(tmp_path: Path) -> None:
    with running(tmp_path / "home") as stack:
        env, parts, ports = stack.env, stack.parts(), stack.home.read_ports()
        counted = await count_after_sending(env, 50)
        assert stack.stop() == 0
        assert record.leftovers(parts) == []
        assert stack.parts() == []
    with running(tmp_path / "home") as stack:
        assert stack.env == env
        assert stack.home.read_ports() == ports
        assert await count_after_sending(stack.env, 50) == counted + 50


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_a_supervisor_that_is_killed_leaves_no_orphan_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "home") as stack:
        parts = stack.parts()
        counted = await count_after_sending(stack.env, 50)
        stack.supervisor.kill()
        wait_until(lambda: record.leftovers(parts) == [])
    with running(tmp_path / "home") as stack:
        assert await count_after_sending(stack.env, 50) == counted + 50
