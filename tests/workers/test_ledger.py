"""The ledger balances whatever happens to a batch, reaches ClickHouse once, and raises the alarm when it does not."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import hypothesis
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from ingest_api import ledger as books
from ingest_api.ledger import REFUSALS
from ingest_api.progress import read_progress
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import Install, Redis, install
from tests.workers.desk import Desk, stamped
from tests.workers.entries import event
from tests.workers.putting import put
from workers import ledger
from workers.errors import NotNow
from workers.landed import Landed
from workers.settings import Settings
from workers.sink import Sink

pytestmark = pytest.mark.stack


@pytest.fixture
async def desk(
    redis: Redis, redis_url: str, made: Install, settings: Settings, warehouse: AsyncClient
) -> AsyncIterator[Desk]:
    """A desk with empty books."""
    await warehouse.command("TRUNCATE TABLE ledger")
    sink = Sink(settings.clickhouse_url, made.id, 10)
    yield Desk(redis, redis_url, made, sink, settings)
    await sink.close()


async def copied(warehouse: AsyncClient) -> dict[tuple[str, str], int]:
    """What ClickHouse has, by project and outcome."""
    query = "SELECT project, outcome, sum(events) FROM ledger FINAL GROUP BY project, outcome"
    return {(project, outcome): events for project, outcome, events in (await warehouse.query(query)).result_rows}


def gauge() -> float | None:
    return REGISTRY.get_sample_value("worker_ledger_unbalanced_minutes")


def mix() -> list[list[Stamped]]:
    """Two projects in one frame: good, duplicate, impossible, refused by ClickHouse, and one id twice in the batch."""
    return [
        [stamped(1), stamped(2, key="k"), stamped(3, occurred_at=10**15)],
        [stamped(4, "b", properties=b"not json"), stamped(5, "b")],
        [stamped(6, key="k"), stamped(1)],
    ]


MIXED = {
    ("a", "accepted"): 4, ("a", "duplicate"): 1, ("a", "stored"): 2, ("a", "rejected"): 1, ("a", "repeated"): 1,
    ("b", "accepted"): 2, ("b", "stored"): 1, ("b", "rejected"): 1,
}  # fmt: skip


async def test_every_event_of_a_mixed_batch_ends_in_exactly_one_count(desk: Desk) -> None:
    await desk.append(*mix())
    assert sum(books.in_flight(await desk.lines(desk.book)).values()) == 6
    await desk.commit(await desk.store())
    assert await desk.counts() == MIXED
    assert books.in_flight(await desk.lines(desk.book)) == {}


async def test_a_crash_between_take_and_commit_and_a_commit_called_again_count_nothing_twice(
    desk: Desk, warehouse: AsyncClient
) -> None:
    await desk.append(*mix())
    await desk.store()  # and dies
    await desk.store()  # and the next one
    landed = await desk.store()
    for _ in range(3):  # whose answer was lost
        await desk.commit(landed)
    assert await desk.counts() == MIXED
    assert (await warehouse.query("SELECT count() FROM events")).result_rows == [(3,)]


@given(st.lists(st.sampled_from(["append", "again", "die before commit", "commit", "commit twice"]), max_size=8))
@hypothesis.settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_wherever_workers_die_the_books_balance_in_the_end(desk: Desk, made: Install, steps: list[str]) -> None:
    await desk.redis.flushdb()
    await install(desk.redis, made.shard_count, made.window_ms // 1000)
    keys: set[str] = set()
    sent = 0
    for number, step in enumerate([*steps, "commit", "commit"]):
        if step in {"append", "again"}:
            key = "again" if step == "again" else f"k{number}"
            await desk.append([stamped(number * 3, key=key), stamped(number * 3 + 1)], [stamped(number * 3 + 2, "b")])
            keys.add(key)
            sent += 1
            continue
        if await desk.waits():
            landed = await desk.store()
            for _ in range({"die before commit": 0, "commit": 1, "commit twice": 2}[step]):
                await desk.commit(landed)
    counted = await desk.counts()
    assert books.in_flight(await desk.lines(desk.book)) == {}
    assert counted.get(("a", "accepted"), 0) == counted.get(("a", "stored"), 0) == sent + len(keys)
    assert counted.get(("a", "duplicate"), 0) == sent - len(keys)
    assert counted.get(("b", "accepted"), 0) == counted.get(("b", "stored"), 0) == sent


async def test_a_frame_that_cannot_be_read_counts_as_rejected_for_those_whose_it_is(desk: Desk) -> None:
    await desk.append([stamped(1), stamped(2, key="k")], [stamped(3, "b")], [stamped(4, key="k")])
    ((entry_id, fields),) = await desk.redis.xrange(desk.shard.frames)
    await desk.redis.xdel(desk.shard.frames, entry_id)
    await desk.redis.xadd(desk.shard.frames, {**fields, b"f": b"\x09zdamaged"})
    await desk.commit(await desk.store())
    assert await desk.counts() == {
        ("a", "accepted"): 2, ("a", "duplicate"): 1, ("a", "rejected"): 2, ("b", "accepted"): 1, ("b", "rejected"): 1,
    }  # fmt: skip


async def test_what_is_rejected_is_told_by_id_for_an_hour_and_no_more_than_ten_thousand(desk: Desk) -> None:
    bad = stamped(1, occurred_at=10**15)
    await desk.append([bad])
    await desk.commit(await desk.store())
    client: Any = desk.redis  # redis-py 5: awaitable or not
    assert b"outside the years" in await client.hget(desk.shard.rejected, bad.event.event_id.hex())
    assert 3_500_000 < await desk.redis.pttl(desk.shard.rejected) <= 3_600_000
    for start in range(3):
        reasons = {f"{start * 6000 + number:032x}": "why" for number in range(6000)}
        await desk.commit(Landed([f"{start}-1"], reasons=reasons))
        assert await client.hlen(desk.shard.rejected) <= 10_000
        assert await client.hexists(desk.shard.rejected, f"{start * 6000 + 5999:032x}")


async def test_an_event_whose_minute_left_redis_long_ago_unbalances_nothing(desk: Desk) -> None:
    await desk.append([stamped(1)])
    landed = await desk.store()
    (line,) = landed.ledger
    await desk.redis.delete(desk.book.minute(line[0]))
    await desk.commit(landed)
    assert await desk.counts() == {}


async def test_only_what_is_settled_is_copied_and_each_count_once(
    desk: Desk, settings: Settings, warehouse: AsyncClient
) -> None:
    await desk.append(*mix())
    await desk.age(3)
    landed = await desk.store()
    minutes = {(minute - 3, project, end): events for (minute, project, end), events in landed.ledger.items()}
    await desk.commit(Landed(landed.entry_ids, landed.stored, landed.rejected, landed.repeated, minutes))
    await desk.append([stamped(7)])  # now, and in flight
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == len(MIXED)
    assert await copied(warehouse) == MIXED
    assert gauge() == 0
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == 0
    await desk.commit(await desk.store())
    await desk.age(1)
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == 2
    assert await copied(warehouse) == MIXED | {("a", "accepted"): 5, ("a", "stored"): 3}


async def test_a_minute_with_an_event_in_flight_waits_and_so_do_those_after_it(
    desk: Desk, settings: Settings, warehouse: AsyncClient
) -> None:
    old = (await read_progress(desk.redis, desk.made))[0].now - 10 * 60_000
    await desk.redis.xgroup_destroy(desk.shard.frames, "workers")
    await desk.redis.delete(desk.shard.frames)
    await desk.redis.xadd(desk.shard.frames, {"f": b"x", "n": 1, "b": 1, "p": "a\x001"}, id=f"{old}-0")
    for minute in (old // 60_000 - 1, old // 60_000, old // 60_000 + 1):
        await desk.redis.hincrby(desk.book.minute(minute), "a:accepted", 1)  # type: ignore[misc]  # redis-py 5: awaitable or not
    await desk.redis.set(desk.book.cursor, old // 60_000 - 1)
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == 1
    assert await books.cursors(desk.redis, [desk.book]) == [old // 60_000]


async def test_a_copy_that_was_cut_off_before_the_cursor_moved_changes_nothing_when_it_is_made_again(
    desk: Desk, settings: Settings, warehouse: AsyncClient
) -> None:
    await desk.append([stamped(1), stamped(2)])
    await desk.commit(await desk.store())
    await desk.age(3)
    (cursor,) = await books.cursors(desk.redis, [desk.book])
    for _ in range(3):
        await desk.redis.set(desk.book.cursor, str(cursor))
        await ledger.copy(desk.redis, settings.clickhouse_url)
    assert await copied(warehouse) == {("a", "accepted"): 2, ("a", "stored"): 2}


async def test_a_count_that_is_taken_away_raises_the_alarm(
    desk: Desk, settings: Settings, warehouse: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.append([stamped(1), stamped(2)], [stamped(3, "b")])
    await desk.commit(await desk.store())
    await desk.age(2)
    (cursor,) = await books.cursors(desk.redis, [desk.book])
    assert cursor is not None
    for minute in range(cursor, cursor + 2):
        if await desk.redis.hexists(desk.book.minute(minute), "a:stored"):  # type: ignore[misc]  # redis-py 5: awaitable or not
            await desk.redis.hincrby(desk.book.minute(minute), "a:stored", -1)  # type: ignore[misc]  # redis-py 5: awaitable or not
    with caplog.at_level(logging.CRITICAL, "workers.ledger"):
        await ledger.copy(desk.redis, settings.clickhouse_url)
        await ledger.copy(desk.redis, settings.clickhouse_url)
    (told,) = caplog.records
    assert told.levelno == logging.CRITICAL
    assert vars(told)["first"].startswith("project a, shard 0, minute ")
    assert vars(told)["first"].endswith(": 1 accepted have no outcome")
    assert gauge() == 1
    await warehouse.command("TRUNCATE TABLE ledger")
    await ledger.copy(desk.redis, settings.clickhouse_url)
    assert gauge() == 0


async def test_an_entry_that_was_trimmed_by_hand_raises_the_alarm(desk: Desk, settings: Settings) -> None:
    await desk.append([stamped(1), stamped(2)])
    ((entry_id, _),) = await desk.redis.xrange(desk.shard.frames)
    await desk.store()
    await desk.redis.xdel(desk.shard.frames, entry_id)  # while it was in hand
    await desk.commit(await desk.store())
    await desk.age(2)
    await ledger.copy(desk.redis, settings.clickhouse_url)
    assert gauge() == 1


async def test_an_event_that_was_never_accepted_unbalances_the_books_too(desk: Desk, settings: Settings) -> None:
    await desk.append([stamped(1, "demo")])
    await put(desk.redis, desk.shard, [event(2)])
    await desk.commit(await desk.store())
    assert list(books.in_flight(await desk.lines(desk.book)).values()) == [-1]


async def test_refusals_are_copied_when_they_are_an_hour_old(
    desk: Desk, settings: Settings, warehouse: AsyncClient
) -> None:
    minute = (await read_progress(desk.redis, desk.made))[0].now // 60_000
    await books.refuse(desk.redis, {(minute - 70, "a", "rate_limited"): 4, (minute - 5, "a", "rate_limited"): 1})
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == 1
    assert await copied(warehouse) == {("a", "refused:rate_limited"): 4}
    assert await desk.counts(REFUSALS) == {("a", "refused:rate_limited"): 1}
    assert gauge() == 0


async def test_a_week_without_workers_skips_what_redis_no_longer_has(
    desk: Desk, settings: Settings, warehouse: AsyncClient
) -> None:
    minute = (await read_progress(desk.redis, desk.made))[0].now // 60_000
    await desk.redis.set(desk.book.cursor, minute - 3 * books.KEEP_MINUTES)
    assert await ledger.copy(desk.redis, settings.clickhouse_url) == 0
    (cursor,) = await books.cursors(desk.redis, [desk.book])
    assert cursor is not None
    assert cursor >= minute


async def test_while_clickhouse_is_away_nothing_is_closed(desk: Desk) -> None:
    await desk.append([stamped(1)])
    await desk.commit(await desk.store())
    await desk.age(2)
    before = await books.cursors(desk.redis, [desk.book])
    with pytest.raises(NotNow):
        await ledger.copy(desk.redis, "http://u:p@127.0.0.1:1/?database=x")
    assert await books.cursors(desk.redis, [desk.book]) == before


async def test_the_columns_are_those_of_the_table(warehouse: AsyncClient) -> None:
    rows = (await warehouse.query("DESCRIBE TABLE ledger")).result_rows
    assert tuple(row[0] for row in rows) == ledger.COLUMNS
