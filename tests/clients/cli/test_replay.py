"""`headrace replay`, on real stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import clickhouse_connect
import pytest

from ingest_api import moment
from ingest_api.stream import Redis, install
from tests.clients.cli.conftest import Headrace
from tests.waiting import until
from tests.workers.entries import event
from tests.workers.history import MINUTE, History
from workers.archives.archive import Archive
from workers.archives.replay import LOCK
from workers.clickhouse.address import address
from workers.settings import Settings

pytestmark = pytest.mark.stack

#: long ago for a stream, and a whole minute
THEN = 1_795_000_020_000


@pytest.fixture
async def history(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[History]:
    """An installation with an empty past, known to the command, which has an archive beside it."""
    headrace.env = {
        "HEADRACE_REDIS_URL": redis_url,
        "HEADRACE_CLICKHOUSE_URL": clickhouse_url,
        "HEADRACE_ARCHIVE": str(headrace.folder / "archive"),
    }
    settings = Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, linger_ms=20)
    warehouse = await clickhouse_connect.get_async_client(**address(clickhouse_url), autogenerate_session_id=False)
    for table in ("events", "rejected_events"):
        await warehouse.command(f"TRUNCATE TABLE {table}")
    yield History(redis, await install(redis, 4, 3600), settings, warehouse)
    await warehouse.close()


async def store(history: History, archive: Archive | None = None) -> list[str]:
    """Events of two minutes in two shards. The rows as they should be."""
    for shard, ms, count in ((1, THEN, 40), (2, THEN + MINUTE, 60)):
        await history.append(shard, f"{ms}-0", [event(1000 * shard + i) for i in range(count)])
    await history.drain(archive)
    return await history.rows()


def archive_of(history: History, folder: Path) -> Archive:
    """As the workers write it."""
    return Archive(str(folder / "archive"), history.made.id, 10)


async def test_what_was_lost_is_there_again_and_the_next_run_finds_nothing(
    headrace: Headrace, history: History
) -> None:
    rows = await store(history)
    await history.warehouse.command("TRUNCATE TABLE events")
    tried = await headrace("replay", "--dry-run")
    assert (tried.code, tried.out) == (0, "Compared 100 events: 100 are missing. Nothing was inserted.\n")
    ended = await headrace("replay")
    assert (ended.code, ended.out) == (0, "Compared 100 events: 100 were missing, 100 are there again.\n")
    assert await history.rows() == rows
    again = await headrace("replay", "--json")
    assert (again.code, again.document["missing"], again.document["messages"]) == (0, 0, [])
    assert await history.counts() == (100, 100)


async def test_a_time_and_a_shard_narrow_it(headrace: Headrace, history: History) -> None:
    await store(history)
    await history.warehouse.command("TRUNCATE TABLE events")
    bounds = ("--from", moment.text(THEN), "--to", moment.text(THEN + MINUTE))
    assert (await headrace("replay", *bounds, "--shard", "2")).out == "Compared 0 events: nothing is missing.\n"
    assert (await headrace("replay", *bounds, "--shard", "1", "--json")).document["restored"] == 40
    assert (await headrace("replay", "--from", "3650d", "--json")).document["restored"] == 60


async def test_a_time_that_is_no_longer_there_is_told_with_what_to_do(headrace: Headrace, history: History) -> None:
    await store(history, archive_of(history, headrace.folder))
    await history.warehouse.command("TRUNCATE TABLE events")
    await history.trim_all()
    since = ("--from", moment.text(THEN), "--shard", "1")
    ended = await headrace("replay", *since)
    told = f"Shard 1: what was received from {moment.text(THEN)} on is in the streams no longer"
    assert (ended.code, told in ended.out) == (1, True)
    command = ended.out.split("The archive has 1 objects of it: headrace ")[1].split()
    mended = await headrace(*command, "--json")
    assert (mended.code, mended.document["restored"]) == (0, 40)
    ended = await headrace("replay", *since, HEADRACE_ARCHIVE="")
    assert "HEADRACE_ARCHIVE is not set" in ended.out
    ended = await headrace("replay", *since, HEADRACE_ARCHIVE=str(headrace.folder / "empty"))
    assert "The archive has nothing of it either." in ended.out


async def test_the_archive_of_an_earlier_installation_is_named_and_replayed(
    headrace: Headrace, history: History
) -> None:
    rows = await store(history, archive_of(history, headrace.folder))
    await history.redis.flushall()
    await install(history.redis, 4, 3600)
    await history.warehouse.command("TRUNCATE TABLE events")
    ended = await headrace("replay", "--from-archive")
    assert (ended.code, history.made.id in ended.err) == (1, True)
    ended = await headrace("replay", "--from-archive", "--installation", history.made.id)
    assert (ended.code, ended.out) == (0, "Compared 100 events: 100 were missing, 100 are there again.\n")
    assert await history.rows() == rows


async def test_an_interrupted_replay_is_started_again(headrace: Headrace, history: History) -> None:
    for batch in range(6):
        events = [event(batch * 10_000 + i) for i in range(10_000)]
        await history.append(batch % 4, f"{THEN + batch}-0", events)
    await history.drain()
    await history.warehouse.command("TRUNCATE TABLE events")
    process = await headrace.start("replay")

    async def under_way() -> bool:
        return (await history.counts())[1] > 0

    await until(under_way)
    ended = await headrace.interrupt(process)
    assert (ended.code, "Interrupted" in ended.err) == (130, True)
    assert not await history.redis.exists(LOCK)
    before = (await history.counts())[1]
    ended = await headrace("replay", "--json")
    assert (ended.code, ended.document["missing"]) == (0, 60_000 - before)
    assert await history.counts() == (60_000, 60_000)


async def test_a_second_replay_is_refused(headrace: Headrace, history: History) -> None:
    await store(history)
    await history.redis.set(LOCK, "another")
    ended = await headrace("replay")
    assert (ended.code, "Another replay runs" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", "yesterday"), "2026-11-21T15:00:00Z"),
        (("--from", "2026-11-21", "--to", "2026-11-20"), "nothing lies in between"),
        (("--shard", "4"), "shards 0 to 3"),
        (("--installation", "x"), "--from-archive"),
    ],
)
async def test_what_cannot_be_asked_is_wrong_usage(
    headrace: Headrace, history: History, arguments: tuple[str, ...], why: str
) -> None:
    ended = await headrace("replay", *arguments)
    assert (ended.code, ended.out, why in ended.err) == (2, "", True)


async def test_what_is_not_configured_is_named(headrace: Headrace, history: History) -> None:
    ended = await headrace("replay", HEADRACE_CLICKHOUSE_URL="")
    assert (ended.code, "HEADRACE_CLICKHOUSE_URL" in ended.err) == (2, True)
    ended = await headrace("replay", "--from-archive", HEADRACE_ARCHIVE="")
    assert (ended.code, "HEADRACE_ARCHIVE" in ended.err) == (2, True)
    ended = await headrace("replay", "--from-archive", HEADRACE_ARCHIVE="gs://bucket")
    assert (ended.code, "s3://bucket/prefix" in ended.err) == (2, True)


async def test_a_store_that_is_away_is_named_with_what_to_do(headrace: Headrace, history: History) -> None:
    headrace.write("in the way", b"")
    ended = await headrace("replay", "--from-archive", HEADRACE_ARCHIVE=str(headrace.folder / "in the way" / "x"))
    assert (ended.code, "Start the replay again when it is back" in ended.err) == (3, True)


async def test_without_an_installation_there_is_nothing_to_replay(headrace: Headrace, history: History) -> None:
    await history.redis.flushall()
    ended = await headrace("replay")
    assert (ended.code, "no installation" in ended.err) == (1, True)


async def test_help_tells_every_option(headrace: Headrace) -> None:
    ended = await headrace("replay", "--help")
    assert ended.code == 0
    for option in ("--from", "--to", "--shard", "--from-archive", "--installation", "--dry-run"):
        assert option in ended.out
