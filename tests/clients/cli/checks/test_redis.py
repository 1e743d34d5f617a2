"""The checks of Redis, on a Valkey that is well and on one that is careless."""

import asyncio
from typing import Any, cast

import pytest
from yarl import URL

from clients.cli.checks import redis as checks
from clients.cli.checkup import Check, State, examine
from ingest_api import stream
from tests.clients.cli.checks.conftest import Look
from tests.faults.tcp_proxy import TcpProxy

pytestmark = pytest.mark.stack


async def test_a_well_kept_redis_passes_every_check(look: Look, installed: Any, redis_url: str) -> None:
    probe = await look(redis_url=redis_url)
    found = {check.name: finding async for check, finding in examine(checks.CHECKS, probe)}
    assert {name: finding.state for name, finding in found.items()} == dict.fromkeys(found, State.OK)
    assert found["Redis persistence"].found.startswith("appendonly yes, appendfsync ")
    assert found["installation"].found == "2 shards, keys remembered for 1 h"
    assert found["durability"].found == "disk"


async def test_every_careless_setting_is_found_with_a_remedy(look: Look, careless_url: str) -> None:
    probe = await look(redis_url=careless_url)
    found = {check.name: finding async for check, finding in examine(checks.CHECKS, probe)}
    states = {name: finding.state for name, finding in found.items() if finding.state is not State.OK}
    assert states == {
        "Redis persistence": State.FAIL,
        "Redis eviction": State.FAIL,
        "Redis memory": State.WARN,
        "function library": State.FAIL,
        "installation": State.FAIL,
        "shards": State.SKIPPED,
        "durability": State.SKIPPED,
    }
    assert all(found[name].remedy for name, state in states.items() if state is not State.SKIPPED)


async def test_redis_away_fails_once_and_the_rest_is_skipped(look: Look) -> None:
    probe = await look(redis_url="redis://:secret@127.0.0.1:1/0")
    (_, first), *rest = [pair async for pair in examine(checks.CHECKS, probe)]
    assert (first.state, first.remedy[:11]) == (State.FAIL, "Start Redis")
    assert "secret" not in first.found
    assert {finding.state for _, finding in rest} == {State.SKIPPED}
    assert {finding.found[:15] for _, finding in rest} == {"skipped: needs "}


async def test_a_redis_far_away_is_a_warning(look: Look, far_url: str, cable: TcpProxy) -> None:
    cable.delay = 0.05
    finding = await checks.answers(await look(redis_url=far_url))
    assert (finding.state, finding.remedy.partition(":")[0]) == (State.WARN, "Every request waits for Redis")


async def test_a_slow_answer_among_quick_ones_is_no_long_way(look: Look, far_url: str, cable: TcpProxy) -> None:
    probe = await look(redis_url=far_url)
    await cast("Any", probe.redis()).ping()
    cable.delay = 0.05
    async with asyncio.TaskGroup() as tasks:
        answered = tasks.create_task(checks.answers(probe))
        await asyncio.sleep(0.08)  # the first is to be reached at all, the second begins to be measured
        cable.delay = 0.0
    assert answered.result().state is State.OK


async def test_without_an_address_everything_is_skipped(look: Look) -> None:
    probe = await look()
    assert {finding.state async for _, finding in examine(checks.CHECKS, probe)} == {State.SKIPPED}


async def test_no_fsync_is_a_warning(look: Look, installed: Any, redis_url: str) -> None:
    before = await installed.config_get("appendfsync")
    await installed.config_set("appendfsync", "no")
    finding = await checks.persistence(await look(redis_url=redis_url))
    await installed.config_set("appendfsync", before["appendfsync"])
    assert (finding.state, finding.found) == (State.WARN, "appendfsync no")


async def test_a_redis_below_the_level_of_the_installation_is_found(look: Look, installed: Any, redis_url: str) -> None:
    await installed.config_set("appendfsync", "everysec")
    finding = await checks.kept(await look(redis_url=redis_url))
    await installed.config_set("appendfsync", "always")
    assert (finding.state, finding.found) == (State.FAIL, "not kept at disk, so no event is taken")
    assert "appendfsync everysec; durability disk needs always" in finding.remedy


async def test_memory_warns_before_it_is_full(look: Look, installed: Any, redis_url: str) -> None:
    probe = await look(redis_url=redis_url)
    states, before = [], await installed.config_get("maxmemory")
    for share in (0.5, 0.8, 0.95):
        used = int((await installed.info("memory"))["used_memory"])
        await installed.config_set("maxmemory", int(used / share))
        states.append((await checks.memory(probe)).state)
    await installed.config_set("maxmemory", before["maxmemory"])
    assert states == [State.OK, State.WARN, State.FAIL]


async def test_another_versions_library_is_noticed(look: Look, installed: Any, redis_url: str) -> None:
    other = f"#!lua name={stream.LIBRARY}\nredis.register_function('{stream.LIBRARY}_append', function() end)"
    await installed.execute_command("FUNCTION", "LOAD", "REPLACE", other)
    finding = await checks.functions(await look(redis_url=redis_url))
    await stream.load_functions(installed)
    assert finding.state is State.WARN


async def test_a_user_who_may_not_read_the_configuration_is_told(look: Look, installed: Any, redis_url: str) -> None:
    await installed.execute_command("ACL", "SETUSER", "looker", "on", "nopass", "~*", "+@all", "-config")
    url = URL(redis_url).with_user("looker").with_password("any")
    finding = await checks.persistence(await look(redis_url=str(url)))
    await installed.execute_command("ACL", "DELUSER", "looker")
    assert (finding.state, finding.found) == (State.WARN, "appendonly yes, appendfsync cannot be read")


def test_each_check_says_what_to_do_when_it_cannot_look() -> None:
    assert all(isinstance(check, Check) and (check.needs or check.remedy) for check in checks.CHECKS)
