"""What ClickHouse lost comes back, once, and nothing else does; with real stores."""

import asyncio
from pathlib import Path

import pytest
from redis import Redis as SyncRedis

from ingest_api.projects.projects import Projects
from ingest_api.projects.projects import Settings as ProjectSettings
from tests.waiting import until
from tests.workers.entries import event
from tests.workers.history import MINUTE, History
from tests.workers.putting import BAD_FRAME, NOT_JSON
from workers import kept, pipeline, retention
from workers.archives.archive import Archive
from workers.archives.replay import LOCK, Busy, Gap, Replay, Report
from workers.batch import decode
from workers.errors import NotNow
from workers.reference import Reference
from workers.sink import Sink

pytestmark = pytest.mark.stack

#: long ago for a stream, and a whole minute
THEN = 1_795_000_020_000
EVER = 4_000_000_000_000


async def replay(
    history: History, first_ms: int | None = None, until_ms: int = EVER, *, dry_run: bool = False, url: str = ""
) -> Report:
    """One run over the tails of all shards."""
    run = Replay(history.redis, history.made, url or history.settings.clickhouse_url, lambda _: None, dry_run=dry_run)
    async with run.exclusively(tail=True):
        for shard in history.made.shards:
            await run.from_tail(shard, first_ms, until_ms)
    return run.report


async def replay_archive(history: History, archive: Archive) -> Report:
    """One run over all of an archive."""
    run = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with run.exclusively(tail=False):
        await run.from_archive(archive, [one async for one in archive.objects(0, EVER)])
    return run.report


@pytest.fixture
async def stored(history: History) -> list[str]:
    """Three batches of 100, 70 and 30 events, one after the other and in two shards. The rows as they should be."""
    await history.keep_parts()
    sizes = ((1, THEN, 100, 0), (1, THEN + MINUTE, 70, 100), (2, THEN + 2 * MINUTE, 30, 170))
    for shard, ms, count, first in sizes:
        events = [event(first + i, properties=b'{"n": %d}' % i, url=f"https://x/{i}") for i in range(count)]
        await history.append(shard, f"{ms}-0", events[: count // 2])
        await history.append(shard, f"{ms}-7", events[count // 2 :])
        await history.drain()
    return await history.rows()


async def test_a_lost_part_comes_back_and_what_is_there_is_not_touched(history: History, stored: list[str]) -> None:
    await history.lose_a_part(70)
    there = set(await history.parts())
    report = await replay(history)
    assert (report.events, report.missing, report.restored) == (200, 70, 70)
    assert await history.rows() == stored
    assert await history.counts() == (200, 200)
    assert there < set(await history.parts())


async def test_where_clickhouse_remembers_the_batch_the_token_of_the_run_brings_it_back(history: History) -> None:
    await history.append(1, f"{THEN}-0", [event(i) for i in range(30)])
    await history.drain()
    rows = await history.rows()
    await history.warehouse.command("DELETE FROM events WHERE 1")
    entries, _ = await kept.page(history.redis, history.made.shards[1], "0", "+", 10)
    batch = pipeline.run(decode(1, entries), Reference())
    sink = Sink(history.settings.clickhouse_url, history.made.id, 10)
    await sink.insert(batch, batch.span)  # as the drain did: the control
    await sink.close()
    assert await history.counts() == (0, 0)
    assert (await replay(history)).restored == 30
    assert await history.rows() == rows


async def test_a_part_that_is_lost_again_comes_back_again(history: History, stored: list[str]) -> None:
    for _ in range(3):
        await history.lose_a_part(70)
        assert (await replay(history)).restored == 70
    assert await history.rows() == stored


async def test_everything_comes_back_into_an_empty_table_and_a_second_run_finds_nothing_to_do(
    history: History, stored: list[str]
) -> None:
    await history.warehouse.command("TRUNCATE TABLE events")
    assert (await replay(history)).restored == 200
    assert await history.rows() == stored
    again = await replay(history)
    assert (again.events, again.missing, again.restored) == (200, 0, 0)
    assert await history.counts() == (200, 200)


async def test_only_the_time_that_was_asked_for_is_looked_at(history: History, stored: list[str]) -> None:
    await history.warehouse.command("TRUNCATE TABLE events")
    report = await replay(history, THEN + MINUTE, THEN + 2 * MINUTE)
    assert (report.events, report.restored, report.gaps) == (70, 70, [])


async def test_a_dry_run_counts_and_changes_nothing(history: History, stored: list[str]) -> None:
    await history.lose_a_part(30)
    report = await replay(history, dry_run=True)
    assert (report.missing, report.restored) == (30, 0)
    assert await history.counts() == (170, 170)


async def test_beside_a_running_drain_nothing_is_inserted_twice(history: History, stored: list[str]) -> None:
    await history.lose_a_part(100)
    for batch in range(20):
        shard = batch % 4
        await history.append(
            shard, f"{THEN + 10 * MINUTE + batch}-0", [event(1000 + batch * 50 + i) for i in range(50)]
        )
    drained = asyncio.ensure_future(history.drain())
    while not drained.done():
        await replay(history)
    await drained
    await replay(history)
    assert await history.counts() == (1200, 1200)


async def test_what_is_not_committed_is_left_to_the_drain(history: History, stored: list[str]) -> None:
    await history.append(1, f"{THEN + 9 * MINUTE}-0", [event(5000)])
    assert (await replay(history)).events == 200


async def test_an_id_that_came_again_after_the_window_comes_back_once(history: History) -> None:
    await history.append(0, f"{THEN}-0", [event(1)])
    await history.append(0, f"{THEN + MINUTE}-0", [event(1), event(2)])
    await history.drain()
    await history.warehouse.command("TRUNCATE TABLE events")
    report = await replay(history)
    assert (report.events, report.restored) == (3, 2)
    assert await history.counts() == (2, 2)


async def test_what_retention_deleted_stays_deleted(history: History) -> None:
    await Projects(history.redis).create("demo", (), ProjectSettings(retention_days=1))
    now = await history.redis.time()
    today = event(1, occurred_at=now[0] * 1000)
    await history.append(0, f"{THEN}-0", [today, event(2, occurred_at=now[0] * 1000 - 3 * 86_400_000)])
    await history.drain()
    assert await retention.clean(history.redis, history.settings.clickhouse_url, now[0] * 1000) == 1
    report = await replay(history)
    assert (report.missing, report.too_old) == (0, 1)
    await history.warehouse.command("TRUNCATE TABLE events")
    assert (await replay(history)).restored == 1


async def test_rejected_events_are_left_to_the_redrive_and_come_back_as_what_they_are(history: History) -> None:
    await history.append(0, f"{THEN}-0", [event(1), NOT_JSON])
    await history.append_frame(0, f"{THEN}-1", BAD_FRAME, 3)
    await history.drain()
    report = await replay(history)
    assert (report.missing, report.rejected) == (0, 0)
    for table in ("events", "rejected_events"):
        await history.warehouse.command(f"TRUNCATE TABLE {table}")
    report = await replay(history)
    assert (report.missing, report.restored, report.refused, report.rejected) == (2, 1, 1, 1)
    assert await history.counts() == (1, 1)
    asked = "SELECT kind, events FROM rejected_events ORDER BY _stream_seq"
    assert (await history.warehouse.query(asked)).result_rows == [("event", 1), ("frame", 3)]
    assert (await replay(history)).missing == 0


async def test_the_part_of_the_time_that_the_tail_no_longer_holds_is_told(history: History, stored: list[str]) -> None:
    await history.redis.xtrim(history.made.shards[1].frames, minid=f"{THEN + MINUTE}-7", approximate=False)
    report = await replay(history, THEN - MINUTE)
    assert report.gaps == [Gap(1, THEN - MINUTE, THEN + MINUTE + 1)]
    assert (await replay(history, THEN + MINUTE)).gaps == [Gap(1, THEN + MINUTE, THEN + MINUTE + 1)]
    assert (await replay(history, THEN + MINUTE + 1)).gaps == []
    assert (await replay(history, THEN + 2 * MINUTE)).gaps == []
    assert (await replay(history)).gaps == []  # all that there is, was asked for
    await history.trim_all()
    gaps = (await replay(history, THEN)).gaps
    assert [gap.shard for gap in gaps] == [1, 2]


async def test_a_tail_that_is_trimmed_under_its_eyes_is_told(history: History, redis_url: str) -> None:
    for entry in range(20):
        await history.append(0, f"{THEN + entry}-0", [event(entry * 1000 + i) for i in range(1000)])
    await history.drain()
    await history.warehouse.command("TRUNCATE TABLE events")
    other = SyncRedis.from_url(redis_url)

    def trim(_: float) -> None:
        other.xtrim(history.made.shards[0].frames, minid=f"{THEN + 18}-0", approximate=False)

    run = Replay(history.redis, history.made, history.settings.clickhouse_url, trim)
    async with run.exclusively(tail=True):
        await run.from_tail(history.made.shards[0], None, EVER)
    other.close()
    assert (run.report.restored, run.report.gaps) == (18_000, [Gap(0, THEN + 15, THEN + 18)])


async def test_from_the_archive_everything_comes_back_as_it_was(history: History, tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"), history.made.id, 10)
    await history.append(
        0, f"{THEN}-0", [event(i, properties=b'{"big": 123456789012345678901234567890}') for i in range(90)]
    )
    await history.append(3, f"{THEN + MINUTE}-3", [event(90), event(91, title="ü\n\"'"), NOT_JSON])
    await history.drain(archive)
    rows = await history.rows()
    assert len(rows) == 92
    await history.trim_all()
    for table in ("events", "rejected_events"):
        await history.warehouse.command(f"TRUNCATE TABLE {table}")
    report = await replay_archive(history, archive)
    assert (report.events, report.restored, report.rejected) == (92, 92, 1)
    assert await history.rows() == rows
    assert await history.counts() == (92, 92)
    again = await replay_archive(history, archive)
    assert (again.missing, again.rejected) == (0, 0)


async def test_an_object_that_cannot_be_read_is_named_and_the_others_are_brought_back(
    history: History, tmp_path: Path
) -> None:
    archive = Archive(str(tmp_path), history.made.id, 10)
    await history.append(0, f"{THEN}-0", [event(1)])
    await history.append(1, f"{THEN}-0", [event(2)])
    await history.drain(archive)
    await history.warehouse.command("TRUNCATE TABLE events")
    first, _ = await asyncio.to_thread(lambda: sorted(tmp_path.rglob("*.zst")))
    first.write_bytes(first.read_bytes()[:-5])
    report = await replay_archive(history, archive)
    assert report.restored == 1
    (reason,) = report.unreadable
    assert first.name in reason


async def test_one_replay_runs_at_a_time_and_the_trim_rests_meanwhile(history: History, stored: list[str]) -> None:
    first = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with first.exclusively(tail=True):
        await first.from_tail(history.made.shards[1], None, EVER)
        assert await history.redis.exists(kept.IN_USE)
        assert 0 < await history.redis.pttl(LOCK) <= 90_000
        with pytest.raises(Busy, match="Another replay runs"):
            await replay(history)
    assert not await history.redis.exists(kept.IN_USE)
    assert (await replay(history)).missing == 0


async def test_a_replay_that_lost_its_lock_stops(history: History, stored: list[str]) -> None:
    run = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with run.exclusively(tail=True):
        await history.redis.set(LOCK, "another")
        with pytest.raises(Busy, match="took over"):
            await run.from_tail(history.made.shards[1], None, EVER)
    assert await history.redis.get(LOCK) == b"another"


async def test_an_interrupted_replay_is_repeated_and_nothing_doubles(history: History, stored: list[str]) -> None:
    for step in range(12):
        await history.warehouse.command("TRUNCATE TABLE events")
        running = asyncio.ensure_future(replay(history))

        async def begun(running: asyncio.Future[Report] = running) -> bool:
            return running.done() or bool(await history.redis.exists(LOCK))

        await until(begun)
        await asyncio.sleep(step / 100)  # somewhere in the middle, each time elsewhere
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await replay(history)
        assert await history.rows() == stored


async def test_a_clickhouse_that_stays_away_ends_the_replay(history: History, stored: list[str]) -> None:
    away = Replay(history.redis, history.made, "http://u:p@127.0.0.1:1/?database=x", lambda _: None, patience=0.1)
    with pytest.raises(NotNow):
        async with away.exclusively(tail=True):
            await away.from_tail(history.made.shards[1], None, EVER)
    assert (await replay(history)).missing == 0
