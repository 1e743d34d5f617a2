"""Salts on a real Redis: one for all, for a day, and then gone from memory and from disk."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from deploy.local.home import Home
from deploy.local.ports import free_port
from ingest_api.projects.projects import Conflict, Projects
from ingest_api.projects.secret import SECRET, secret
from ingest_api.stream import Install, Redis, connect, install
from tests.stores import REDIS_PASSWORD, local_redis
from tests.waiting import until
from tests.workers.entries import batch
from tests.workers.history import History
from tests.workers.steps.test_visitor import seen
from workers.archives.replay import Replay
from workers.jobs import CRON, destroy_salts
from workers.kept import IN_USE
from workers.reference import References
from workers.salts import DAY_MS, SALTS, days, destroy, needed
from workers.settings import Settings
from workers.steps.visitor import visitor

pytestmark = pytest.mark.stack

TODAY = time.time_ns() // 1_000_000 // DAY_MS
#: over for longer than any margin
OLD = TODAY - 2


@contextlib.asynccontextmanager
async def served(folder: Path, port: int = 0) -> AsyncIterator[tuple[Redis, str]]:
    """A Redis of the test's own, its log of writes in `folder`."""
    with local_redis(folder, port) as url:
        redis = connect(url)
        yield redis, url
        await redis.aclose()


def on_disk(folder: Path, wanted: bytes) -> bool:
    """Whether these bytes stand in any file of a Redis."""
    return any(wanted in file.read_bytes() for file in Home(folder).redis.rglob("*") if file.is_file())


async def visitor_id(redis: Redis, day: int) -> str:
    """What a new worker makes of the same visitor on a day."""
    with contextlib.suppress(Conflict):
        await Projects(redis).create("demo")
    one = batch([seen(received_at=day * DAY_MS)])
    visitor(one, await References(redis).current({day}))
    return str(one.derived["visitor_id"][0])


def test_the_days_of_entries_are_those_on_which_their_events_may_have_arrived() -> None:
    noon, midnight = 20_775 * DAY_MS + DAY_MS // 2, 20_776 * DAY_MS
    assert days([f"{noon}-0", f"{noon + 1}-7"]) == {20_775}
    assert days([f"{midnight + 5}-0"]) == {20_775, 20_776}
    assert days([f"{midnight - 5}-0", f"{noon}-0"]) == {20_775, 20_776}
    assert days([]) == set()


async def test_all_workers_have_the_same_salt_whoever_makes_it(redis: Redis, redis_url: str) -> None:
    others = [connect(redis_url) for _ in range(8)]
    found = await asyncio.gather(*(needed(one, {TODAY, OLD}) for one in others))
    assert all(one == found[0] for one in found)
    assert found[0].keys() == {TODAY, OLD}
    assert len(set(found[0].values())) == 2
    assert {len(salt) for salt in found[0].values()} == {32}
    assert await needed(redis, {TODAY}) == {TODAY: found[0][TODAY]}
    assert await needed(redis, ()) == {}
    for one in others:
        await one.aclose()


async def test_two_workers_call_a_visitor_the_same(redis: Redis) -> None:
    first, second = await asyncio.gather(visitor_id(redis, TODAY), visitor_id(redis, TODAY))
    assert first == second != ""


async def test_a_replay_of_the_tail_makes_the_same_ids(history: History) -> None:
    await Projects(history.redis).create("demo")
    moment = 20_775 * DAY_MS + DAY_MS // 2
    await history.append(1, f"{moment}-0", [seen(1), seen(2, ip="203.0.113.8")])
    await history.drain()
    rows = await history.rows()
    assert [len(orjson.loads(row)["visitor_id"]) for row in rows] == [32, 32]
    await history.warehouse.command("TRUNCATE TABLE events")
    run = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with run.exclusively(tail=True):
        await run.from_tail(history.made.shards[1], None, moment + DAY_MS)
    assert await history.rows() == rows


async def test_a_full_redis_gives_a_salt_all_the_same(redis: Redis) -> None:
    await redis.config_set("maxmemory", "1mb")
    try:
        assert (await needed(redis, {TODAY})).keys() == {TODAY}
    finally:
        await redis.config_set("maxmemory", "512mb")


async def test_a_restart_in_the_middle_of_a_day_keeps_the_ids(tmp_path: Path) -> None:
    port = free_port()
    async with served(tmp_path, port) as (redis, _):
        before = await visitor_id(redis, TODAY)
    async with served(tmp_path, port) as (redis, _):
        assert await visitor_id(redis, TODAY) == before != ""


async def test_the_ids_of_a_day_that_is_over_cannot_be_made_again(tmp_path: Path) -> None:
    async with served(tmp_path) as (redis, _):
        made = await install(redis, 2, 3600)
        before = await visitor_id(redis, OLD)
        salt = (await needed(redis, {OLD, TODAY}))[OLD]
        assert on_disk(tmp_path, salt), "the test looks in the wrong place"
        assert await destroy(redis, made, keep_minutes=30) == 1
        assert salt not in (await redis.hgetall(SALTS)).values()  # type: ignore[misc]  # redis-py 5: awaitable or not

        async def rewritten() -> bool:
            return not on_disk(tmp_path, salt)

        await until(rewritten)
        assert await needed(redis, {OLD - 1, OLD, TODAY}) == await needed(redis, {TODAY})
        assert (await visitor_id(redis, OLD), len(before)) == ("", 32)
        assert await destroy(redis, made, keep_minutes=30) == 0
    assert not on_disk(tmp_path, salt)


async def test_a_worker_lets_go_of_a_salt_that_another_destroyed(redis: Redis, made: Install) -> None:
    references = References(redis)
    assert (await references.current({OLD})).salts.keys() == {OLD}
    await destroy(redis, made, keep_minutes=0)
    assert (await references.current({TODAY})).salts.keys() == {TODAY}


async def test_a_salt_stays_while_events_of_its_day_wait_or_are_kept(redis: Redis, made: Install) -> None:
    await needed(redis, {OLD})
    assert await destroy(redis, made, keep_minutes=3 * 24 * 60) == 0
    shard = made.shards[3]
    entry_id = f"{OLD * DAY_MS}-1"
    await redis.xadd(shard.frames, {"f": b"", "n": 1}, id=entry_id)
    assert await destroy(redis, made, keep_minutes=0) == 0
    await redis.xdel(shard.frames, entry_id)
    assert await destroy(redis, made, keep_minutes=0) == 1


async def test_a_rewrite_that_the_server_refuses_is_logged_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as (redis, url):
        made = await install(redis, 1, 3600)
        await redis.acl_setuser(
            "weak", enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all", "-bgrewriteaof"]
        )
        weak = connect(url.replace(f":{REDIS_PASSWORD}@", "weak:pw@"))
        salt = (await needed(redis, {OLD}))[OLD]
        with caplog.at_level(logging.WARNING, "workers.salts"):
            assert await destroy(weak, made, keep_minutes=0) == 1
            await weak.aclose()
        assert "still holds a destroyed salt" in caplog.text
        assert salt.hex() not in caplog.text
        assert on_disk(tmp_path, salt)
        assert await destroy(redis, made, keep_minutes=0) == 0

        async def rewritten() -> bool:
            return not on_disk(tmp_path, salt)

        await until(rewritten)


async def test_the_job_runs_each_hour_and_rests_while_a_replay_reads(
    redis: Redis, made: Install, settings: Settings
) -> None:
    assert made.shards
    (hourly,) = [job for job in CRON if job.coroutine is destroy_salts]
    assert (hourly.minute, hourly.second, hourly.hour) == ({7}, {30}, None)
    ctx = {"streams": redis, "settings": settings}
    assert len(await needed(redis, {OLD})) == 1
    await redis.set(IN_USE, 1)
    assert await destroy_salts(ctx) == 0
    await redis.delete(IN_USE)
    assert await destroy_salts(ctx) == 1


async def test_the_job_waits_while_redis_is_away(settings: Settings) -> None:
    assert await destroy_salts({"streams": connect("redis://127.0.0.1:1/0"), "settings": settings}) == 0


async def test_the_secret_is_made_once(redis: Redis, redis_url: str) -> None:
    others = [connect(redis_url) for _ in range(8)]
    found = await asyncio.gather(*(secret(one) for one in others))
    assert set(found) == {await redis.get(SECRET)}
    assert len(found[0]) == 32
    reference = await References(redis).current({TODAY})
    assert reference.secret == found[0]
    assert repr(reference) == "Reference of 0 projects", "it may stand in a log"
    for one in others:
        await one.aclose()
