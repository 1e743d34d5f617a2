"""The jobs as arq calls them."""

import uuid
from datetime import UTC, datetime

import msgspec
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.alerts.alert import Kept
from ingest_api.ledger import books
from ingest_api.progress import read_progress
from ingest_api.projects import erasures
from ingest_api.projects.projects import Projects
from ingest_api.projects.projects import Settings as ProjectSettings
from ingest_api.projects.saved import ALERTS
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis, install
from tests.ingest_api.alerts.test_alert import made as alert
from tests.workers.entries import event
from tests.workers.erasing.people import order
from tests.workers.history import History
from tests.workers.receiver import receiving
from workers import kept
from workers.archives.archive import Archive
from workers.catalog import CURSOR, Page
from workers.erasing.erase import Places
from workers.jobs import (
    CRON,
    check_alerts,
    check_rollups,
    copy_ledger,
    count_catalog,
    delete_old_events,
    deliver_messages,
    erase_what_was_ordered,
    find_missing_events,
    roll_up_hours,
    trim_shards,
)
from workers.settings import Settings

pytestmark = pytest.mark.stack


async def test_the_job_says_how_many_projects_were_cleaned(
    redis: Redis, warehouse: AsyncClient, settings: Settings
) -> None:
    await Projects(redis).create("shop", (), ProjectSettings(retention_days=1))
    await warehouse.insert(
        "events",
        [[uuid.uuid4(), "shop", datetime(2000, 1, 1, tzinfo=UTC), "{}"]],
        column_names=["event_id", "project", "occurred_at", "properties"],
    )
    assert await delete_old_events({"streams": redis, "settings": settings}) == 1


async def test_the_ledger_is_copied_each_minute_and_waits_where_a_store_is_away(
    redis: Redis, warehouse: AsyncClient, settings: Settings
) -> None:
    made = await install(redis, 1, 3600)
    (book,), minute = books(made.shards), 29_000_000
    await redis.hincrby(book.minute(minute), "demo:accepted", 1)  # type: ignore[misc]  # redis-py 5: awaitable or not
    await redis.set(book.cursor, minute)
    now = (await read_progress(redis, made))[0].now // 60_000
    await redis.rename(book.minute(minute), book.minute(now - 5))
    away = settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/?database=x"})
    assert await copy_ledger({"streams": redis, "settings": away}) == 0
    assert await copy_ledger({"streams": redis, "settings": settings}) == 1
    (job,) = [job for job in CRON if job.coroutine is copy_ledger]
    assert (job.minute, job.second) == (None, {10})


def test_old_events_are_looked_for_once_a_day() -> None:
    (daily,) = [job for job in CRON if job.coroutine is delete_old_events]
    assert (daily.hour, daily.minute, daily.second, daily.day, daily.weekday) == ({3}, {17}, {0}, None, None)


async def test_the_trim_rests_while_a_replay_reads_the_tail(history: History) -> None:
    await history.append(0, "1795000000000-0", [event(1)])
    await history.append(0, "1795000000001-0", [event(2)])
    await history.drain()
    ctx = {"streams": history.redis, "settings": history.settings}
    await history.redis.set(kept.IN_USE, 1)
    assert await trim_shards(ctx) == 0
    await history.redis.delete(kept.IN_USE)
    assert await trim_shards(ctx) == 1


async def test_the_audit_says_how_many_events_are_missing_and_waits_while_a_store_is_away(history: History) -> None:
    await history.append(0, "1795000000000-0", [event(1)])
    await history.append(0, "1795000000001-0", [event(2)])
    await history.drain()
    ctx = {"streams": history.redis, "settings": history.settings}
    assert await find_missing_events(ctx) == 0
    await history.warehouse.command("TRUNCATE TABLE events")
    assert await find_missing_events(ctx) == 2
    away = history.settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/"})
    assert await find_missing_events({**ctx, "settings": away}) == 0


def test_the_tail_is_audited_every_five_minutes() -> None:
    (often,) = [job for job in CRON if job.coroutine is find_missing_events]
    assert (often.minute, often.second, often.hour) == (set(range(0, 60, 5)), {40}, None)


async def test_the_catalog_is_counted_each_minute_and_waits_where_a_store_is_away(
    history: History, settings: Settings
) -> None:
    now = (await read_progress(history.redis, history.made))[0].now
    await history.append(0, f"{now - 1000}-0", [event(1)])
    await history.drain()
    await history.redis.set(CURSOR, msgspec.json.encode(Page(now - 2000, now - 2000)))
    away = settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/?database=x"})
    assert await count_catalog({"streams": history.redis, "settings": away}) == 0
    assert await count_catalog({"streams": history.redis, "settings": settings}) == 1
    (job,) = [job for job in CRON if job.coroutine is count_catalog]
    assert (job.minute, job.second) == (None, {20})


async def test_erasures_go_on_every_few_seconds_and_wait_while_a_store_is_away(history: History) -> None:
    await history.append(0, "1795000000000-0", [event(1, user_id="ada"), event(2)])
    await history.drain()
    one = await order(history.redis, dry_run=True, users=["ada"])
    away = history.settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/"})
    assert await erase_what_was_ordered({"streams": history.redis, "settings": away}) == 0
    waiting = await erasures.get(history.redis, one.id)
    assert waiting is not None
    assert (waiting.state, waiting.step, bool(waiting.problem)) == ("waiting", "link", True)
    assert await erase_what_was_ordered({"streams": history.redis, "settings": history.settings}) == 1
    (job,) = [job for job in CRON if job.coroutine is erase_what_was_ordered]
    assert (job.second, job.minute) == (set(range(2, 60, 5)), None)


async def test_hours_are_rolled_up_each_minute_and_looked_after_each_day(history: History) -> None:
    await history.append(0, "1700000000000-0", [event(1, occurred_at=1_700_000_000_000, client_id="c")])
    await history.drain()
    away = history.settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/"})
    assert await roll_up_hours({"streams": history.redis, "settings": away}) == 0
    assert await check_rollups({"streams": history.redis, "settings": away}) == 0
    assert await roll_up_hours({"streams": history.redis, "settings": history.settings}) >= 1
    assert await roll_up_hours({"streams": history.redis, "settings": history.settings}) == 0
    assert await check_rollups({"streams": history.redis, "settings": history.settings}) == 0
    (job,) = [job for job in CRON if job.coroutine is roll_up_hours]
    assert (job.second, job.minute) == ({50}, None)
    (daily,) = [job for job in CRON if job.coroutine is check_rollups]
    assert (daily.hour, daily.minute) == ({4}, {17})


async def test_retention_reaches_into_the_archive(history: History, archive: Archive, places: Places) -> None:
    await Projects(history.redis).create("demo", (), ProjectSettings(retention_days=1))
    await history.append(0, "1700000000000-0", [event(1)])
    await history.drain(archive)
    settings = history.settings.model_copy(update={"archive": places.archive})
    assert await delete_old_events({"streams": history.redis, "settings": settings}) == 1
    assert [one async for one in archive.objects(0, 10**13)] == []


async def test_alerts_are_checked_each_minute_and_their_receivers_told_within_seconds(history: History) -> None:
    await Projects(history.redis).create("demo")
    async with receiving() as receiver:
        few = alert(question={"metrics": ["event_count"]}, condition="below", value=1, webhooks=[receiver.url])
        await Shelf(history.redis, ALERTS).put("demo", "few", msgspec.json.encode(Kept(few, "n")).decode())
        settings = history.settings.model_copy(update={"webhook_allow": "127.0.0.0/8"})
        ctx = {"streams": history.redis, "settings": settings}
        assert (await check_alerts(ctx), await check_alerts(ctx)) == (1, 0)
        assert (await deliver_messages(ctx), await deliver_messages(ctx)) == (1, 0)
        assert [body["type"] for body in receiver.bodies] == ["alert.firing"]
    (checks,) = [job for job in CRON if job.coroutine is check_alerts]
    (sends,) = [job for job in CRON if job.coroutine is deliver_messages]
    assert (checks.minute, checks.second) == (None, {5})
    assert (sends.minute, sends.second) == (None, set(range(4, 60, 5)))
