"""Workers share the shards."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from ingest_api.servers import routing
from ingest_api.stream import Install, Redis, Shard, connect, install
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.raised import raised
from tests.topologies import Primaries
from tests.waiting import until
from tests.workers.entries import event
from tests.workers.history import History
from tests.workers.putting import put
from tests.workers.worker_process import worker
from workers.archives.archive import Archive
from workers.audit import FINDINGS, Findings, Hole
from workers.fleet import Fleet, share
from workers.heartbeat import read
from workers.migrate import migrations
from workers.settings import Settings

#: of two workers as they are set by default; a worker's own start is not part of it
REBALANCED_SECONDS = 10


def test_an_archive_that_can_be_none_ends_the_worker_at_once() -> None:
    with pytest.raises(ValueError, match="HEADRACE_ARCHIVE"):
        Fleet(connect("redis://127.0.0.1:1/0"), Settings(archive="ftp://host"))


@given(st.integers(1, 256), st.integers(1, 50))
def test_shares_add_up_and_differ_by_one_at_most(shards: int, workers: int) -> None:
    names = [str(number) for number in range(workers)]
    shares = [share(shards, names, name) for name in names]
    assert sum(shares) == shards
    assert max(shares) - min(shares) <= 1


async def owners(redis: Redis, made: Install) -> list[str]:
    """Who holds each shard; empty where nobody does."""
    return [(await redis.get(shard.lease) or b"").decode() for shard in made.shards]


@pytest.mark.stack
async def test_a_worker_that_joins_gets_its_share_and_one_that_leaves_gives_it_back(
    redis: Redis, made: Install, settings: Settings
) -> None:
    first, second = Fleet(redis, settings), Fleet(redis, settings)

    async def held(by: dict[str, int]) -> bool:
        now = await owners(redis, made)
        return all(now.count(name) == count for name, count in by.items())

    first.start()
    await until(lambda: held({first.id: 4}))
    second.start()
    await until(lambda: held({first.id: 2, second.id: 2}))
    await first.stop()
    await until(lambda: held({second.id: 4}))
    await second.stop()
    assert await owners(redis, made) == [""] * 4


@pytest.mark.stack
async def test_shards_that_are_added_are_drained_by_workers_that_run(
    redis: Redis, made: Install, settings: Settings
) -> None:
    first, second = Fleet(redis, settings), Fleet(redis, settings)

    async def shared(made: Install, least: int) -> bool:
        held = await owners(redis, made)
        return min(held.count(one.id) for one in (first, second)) >= least and "" not in held

    first.start()
    second.start()
    await until(lambda: shared(made, 2))
    now = await raised(redis, 7)
    await until(lambda: shared(now, 3))
    await first.stop()
    await second.stop()


@pytest.mark.stack
async def test_the_shards_of_a_worker_that_fell_silent_are_taken_over(
    redis: Redis, made: Install, settings: Settings
) -> None:
    for shard in made.shards:
        await redis.set(shard.lease, "a worker that was killed", px=int(settings.lease_seconds * 1000))
    fleet = Fleet(redis, settings)
    fleet.start()

    async def all_mine() -> bool:
        return await owners(redis, made) == [fleet.id] * 4

    await until(all_mine)
    await fleet.stop()


@pytest.mark.stack
async def test_within_ten_seconds_a_second_worker_has_its_half_and_a_killed_one_s_is_taken(
    redis: Redis, redis_url: str, clickhouse_url: str, made: Install, tmp_path: Path
) -> None:
    async def held(*pids: int) -> bool:
        now = [owner.split(":")[1:2] for owner in await owners(redis, made)]
        return all(now.count([str(pid)]) == 4 // len(pids) for pid in pids)

    async def heard(pid: int) -> bool:
        return pid in {one.pid for one in await read(redis)}

    async with worker(redis_url, clickhouse_url, tmp_path / "first.log") as first:
        await until(lambda: held(first.pid))
        async with worker(redis_url, clickhouse_url, tmp_path / "second.log") as second:
            await until(lambda: heard(second.pid))
            await until(lambda: held(first.pid, second.pid), within=REBALANCED_SECONDS)
            second.kill()
            await until(lambda: held(first.pid), within=REBALANCED_SECONDS)


@pytest.mark.stack
async def test_a_worker_says_which_migrations_its_build_knows(redis: Redis, made: Install, settings: Settings) -> None:
    fleet = Fleet(redis, settings)
    fleet.start()

    async def said() -> list[int]:
        return [one.schema for one in await read(redis)]

    assert await until(said) == [migrations()[-1].number]
    await fleet.stop()


@pytest.mark.stack
async def test_a_drain_that_fails_over_and_over_is_stuck_however_often_it_begins(
    redis: Redis, redis_url: str, made: Install, settings: Settings
) -> None:
    faulty = settings.model_copy(update={"isolate_after": None, "stuck_seconds": 2.5})  # each batch is a TypeError
    fleet = Fleet(redis, faulty)
    await append(redis_url, Install(made.id, 1, made.window_ms), [stamped(number=1)])
    fleet.start()

    async def begun() -> bool:
        return bool(await read(redis))

    async def stuck() -> bool:
        (one,) = await read(redis)
        return one.state == "stuck" and one.problem.startswith("shard 0 has not moved for")

    await until(begun)
    await until(stuck)
    await fleet.stop()


@pytest.mark.stack
async def test_a_worker_with_an_archive_fills_it_and_tells_what_the_last_audit_found(
    history: History, tmp_path: Path
) -> None:
    found = Findings(1, 1, [Hole(0, 0, 60_000, 7)])
    await history.redis.set(FINDINGS, msgspec.json.encode(found))
    fleet = Fleet(history.redis, history.settings.model_copy(update={"archive": str(tmp_path)}))
    fleet.start()
    for shard in range(4):
        await history.append(shard, "1795000000000-0", [event(shard)])
    await until(history.committed)
    archive = Archive(str(tmp_path), history.made.id, 5)
    assert [one.shard async for one in archive.objects(0, 2_000_000_000_000)] == [0, 1, 2, 3]
    assert REGISTRY.get_sample_value("worker_missing_events") == 7
    await history.redis.delete(FINDINGS)

    async def none() -> bool:
        return REGISTRY.get_sample_value("worker_missing_events") == 0

    await until(none)
    await fleet.stop()


@pytest.mark.stack
async def test_a_worker_with_a_halted_shard_says_so_and_drains_the_others(
    redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await put(redis, made.shards[0], [event(number, properties=b"not json") for number in range(5)])
    await put(redis, made.shards[1], [event(10)])
    fleet = Fleet(redis, settings.model_copy(update={"breaker_events": 1}))
    fleet.start()

    async def told() -> bool:
        said = [one for one in await read(redis) if one.state == "halted"]
        return any("shard 0 is halted: more than 1 of 5 events" in one.problem for one in said)

    async def stored() -> int:
        return int((await warehouse.query("SELECT count() FROM events")).result_rows[0][0])

    async def counted() -> bool:  # a moment after it was told
        return REGISTRY.get_sample_value("worker_halted_shards") == 1

    await until(told)
    await until(stored)
    await until(counted)
    assert [record.levelname for record in caplog.records if record.message == "halted"] == ["CRITICAL"]
    await fleet.stop()


@pytest.mark.stack
async def test_while_a_server_hangs_the_shards_of_the_others_are_shared_and_kept(
    several: Any, redis_url: str, clickhouse_url: str, primaries: Primaries
) -> None:
    made = await install(several, 4, 3600)
    settings = Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, linger_ms=20, lease_seconds=3)
    hung = primaries.actor(await routing.at(several, 1))
    first, second = Fleet(several, settings), Fleet(several, settings)

    async def held(by: dict[str, int], shards: Sequence[Shard]) -> bool:
        now = [(await several.get(shard.lease) or b"").decode() for shard in shards]
        return all(now.count(name) == count for name, count in by.items())

    first.start()
    await until(lambda: held({first.id: 4}, made.shards))
    hung.signal(signal.SIGSTOP)
    try:
        second.start()
        await until(lambda: second_is_heard(several, second.id))
        await first.stop()
        await until(lambda: held({second.id: 2}, made.shards[::2]))
    finally:
        hung.signal(signal.SIGCONT)
    await until(lambda: held({second.id: 4}, made.shards))
    await second.stop()


async def second_is_heard(redis: Redis, name: str) -> bool:
    return name in [one.id for one in await read(redis)]
