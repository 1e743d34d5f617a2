"""Rows that go for good, on the real engine: also those that were deleted before and only hidden."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from ingest_api.stream import Redis
from tests.workers.entries import event
from tests.workers.rolling import builder, empty
from workers import row
from workers.batch import Position, Rejected, decode, set_aside
from workers.erasing.erase_rows import Rows
from workers.erasing.erase_sql import ROLLUPS
from workers.reference import Reference
from workers.rollups import upkeep
from workers.rollups.stretches import Stretching
from workers.sink import Sink

pytestmark = pytest.mark.stack

SECRET = b"s" * 32


async def alive() -> None:
    """Nobody else works here."""


@pytest.fixture
async def sink(clickhouse_url: str) -> AsyncIterator[Sink]:
    """Of an installation that nobody else has."""
    made = Sink(clickhouse_url, secrets.token_hex(8), 10)
    yield made
    await made.close()


async def store(sink: Sink, events: list[Event], rejected: list[Rejected], ms: int = 1000) -> None:
    """Events, and rejected ones."""
    packed, _ = frame.encode(events)
    batch = decode(0, [(f"{ms}-0".encode(), [b"f", packed, b"n", b"%d" % len(events)])])
    row.reject_impossible(batch, Reference())
    batch.derived = {name: [""] * len(batch.events) for name in row.COLUMNS if name not in Event.__struct_fields__}
    batch.derived |= {"asn": [0] * len(batch.events), "violations": [[]] * len(batch.events)}
    batch.rejected += rejected
    await sink.insert(batch, str(ms))


def refused(number: int, index: int, **fields: object) -> Rejected:
    one = event(number, **fields)
    return set_aside(one, Position(1000, 1, index), "ClickHouse: no")


async def erase(warehouse: AsyncClient, stone: Tombstone, *, unreadable: bool = False) -> dict[str, int]:
    """How many rows of which table there were."""
    rows = Rows(warehouse, stone, SECRET, alive, unreadable=unreadable)
    await rows.find()
    counts = await rows.count()
    await rows.delete()
    assert set((await rows.count()).values()) == {0}
    await rows.let_go()
    return {table: count for table, count in counts.items() if count and "events" in table}


async def left(warehouse: AsyncClient, table: str) -> list[int]:
    """Numbers of the events, also of hidden rows."""
    asked = f"SELECT toString(event_id) FROM {table}"
    found = await warehouse.query(asked, settings={"apply_deleted_mask": 0})
    return sorted(int(one[-4:], 16) for (one,) in found.result_rows)


async def test_rows_that_were_only_hidden_are_gone_too(sink: Sink, warehouse: AsyncClient) -> None:
    await store(sink, [event(number, user_id="ada" if number % 2 else "bob") for number in range(1, 9)], [])
    await warehouse.command("DELETE FROM events WHERE event_id = toUUID('00000000-0000-0000-0000-000000000001')")
    assert await left(warehouse, "events") == list(range(1, 9))
    stone = tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"])
    assert await erase(warehouse, stone) == {"events": 3}
    assert await left(warehouse, "events") == [2, 4, 6, 8]


async def test_rejected_events_are_read_one_by_one_however_many(sink: Sink, warehouse: AsyncClient) -> None:
    bad = [refused(number, number, user_id="ada" if number % 3 else "bob") for number in range(1, 1201)]
    half = Rejected(Position(1000, 2, 0), "event: bad", b"\x93\xc4", "demo", event_id=(7777).to_bytes(16, "big"))
    await store(sink, [event(5000)], [*bad, half])
    stone = tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"], events=[half.event_id])
    assert await erase(warehouse, stone) == {"rejected_events": 801}
    assert await left(warehouse, "rejected_events") == list(range(3, 1201, 3))


async def test_what_nobody_can_read_goes_only_when_that_was_ordered(sink: Sink, warehouse: AsyncClient) -> None:
    lost = Rejected(Position(1000, 2, 0), "frame: bad", b"\x09z", "demo", kind="frame", events=3)
    bad = Rejected(Position(1000, 3, 0), "event: bad", b"\x93\xc4", "demo")
    strange = Rejected(Position(1000, 4, 0), "frame: bad", b"\x09z", "other", kind="frame", events=3)
    await store(sink, [event(1)], [lost, bad, strange, refused(2, 5, user_id="bob")])
    stone = tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"])
    assert await erase(warehouse, stone) == {}
    assert await erase(warehouse, stone, unreadable=True) == {"rejected_events": 2}
    found = await warehouse.query("SELECT project FROM rejected_events ORDER BY project")
    assert found.result_rows == [("demo",), ("other",)]


async def test_what_was_found_before_is_found_whatever_its_time(sink: Sink, warehouse: AsyncClient) -> None:
    await store(sink, [event(1, occurred_at=1_799_000_000_000, received_at=1_799_000_000_000), event(2)], [])
    marks = tombstones.marks(tombstones.key(SECRET, "demo", "event"), [event(1).event_id])
    stone = msgspec.structs.replace(tombstones.stone(SECRET, "demo", 5, users=["ada"]), found=marks)
    rows = Rows(warehouse, stone, SECRET, alive, unreadable=False)
    await rows.find()
    assert await rows.ids(10) == [event(1).event_id]
    await rows.let_go()
    assert await erase(warehouse, stone) == {"events": 1}
    assert await left(warehouse, "events") == [2]


async def test_nothing_of_its_own_stays_behind(sink: Sink, warehouse: AsyncClient) -> None:
    await store(sink, [event(1, user_id="ada")], [])
    await erase(warehouse, tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"]))
    assert not [name for (name,) in (await warehouse.query("SHOW TABLES")).result_rows if name.startswith("erasing")]
    said = await warehouse.query("SELECT command FROM system.mutations WHERE table = 'events'")
    assert not [command for (command,) in said.result_rows if "ada" in command]


HOUR = 3_600_000
OLD = 1_767_279_600_000
_CLEAN = """
SELECT toUInt32(intDiv(toUnixTimestamp(hour) - 1767279600, 3600)), groupBitmapMerge(visitors) FROM rollup_hours
WHERE dimension = '' AND (hour, version) IN (
    SELECT hour, version FROM (SELECT hour, version, mark FROM closed_hours FINAL) AS closed
    INNER JOIN (SELECT hour, sum(rows) AS mark FROM hour_marks GROUP BY hour) AS marks USING (hour, mark))
GROUP BY hour ORDER BY hour"""


async def clean(warehouse: AsyncClient) -> dict[int, int]:
    """Hour -> visitors, of those whose rollups count."""
    return {int(hour): int(visitors) for hour, visitors in (await warehouse.query(_CLEAN)).result_rows}


@pytest.mark.parametrize(
    ("meant", "opened"),
    [
        ({"users": ["ada"]}, {0, 1}),
        ({"clients": ["tablet"]}, {1, 2}),
        ({"events": [event(3).event_id]}, {1, 2}),
        ({"time": (OLD + 3 * HOUR, OLD + 4 * HOUR, "")}, {3}),
    ],
)
async def test_rollups_of_whoever_goes_are_gone_and_built_again_of_what_is_left(
    sink: Sink, warehouse: AsyncClient, redis: Redis, *, meant: dict[str, Any], opened: set[int]
) -> None:
    await empty(warehouse)
    told = [(0, "ada", ""), (1, "ada", ""), (1, "bob", "tablet"), (2, "eve", "tablet"), (3, "zoe", ""), (4, "max", "")]
    events = [
        event(number, user_id=user, client_id=client, occurred_at=OLD + hour * HOUR + number)
        for number, (hour, user, client) in enumerate(told, 1)
    ]
    await store(sink, events, [])
    await builder(warehouse, redis).run(60)
    await Stretching(warehouse, redis, grace=0, settle=0).run(60)
    sessions = "SELECT count(), countIf(user_id = 'ada'), countIf(visitor = 'c:tablet') FROM rolled_sessions"
    assert (await warehouse.query(sessions)).result_rows == [(6, 2, 2)]
    before = await clean(warehouse)
    assert before == {0: 1, 1: 2, 2: 1, 3: 1, 4: 1}
    gone = tombstones.stone(SECRET, "demo", OLD + 9 * HOUR, **meant)
    rows = Rows(warehouse, gone, SECRET, alive, unreadable=False)
    await rows.find()
    assert set(await rows.count()).isdisjoint(ROLLUPS)
    await rows.delete()
    await rows.let_go()
    assert await clean(warehouse) == {hour: count for hour, count in before.items() if hour not in opened}
    left = await warehouse.query("SELECT DISTINCT toUnixTimestamp(hour) FROM rollup_hours",
                                 settings={"apply_deleted_mask": 0})  # fmt: skip
    assert {(at * 1000 - OLD) // HOUR for (at,) in left.result_rows} == set(before) - opened
    kept = await warehouse.query(sessions, settings={"apply_deleted_mask": 0})
    assert kept.result_rows == [(0 if 3 in opened else 2, 0, 0)], "hour 3 is the first of another stretch"
    assert await upkeep.doubted(warehouse) == []
    await builder(warehouse, redis).run(60)
    raw = "SELECT toUInt32(intDiv(toUnixTimestamp64Milli(occurred_at) - 1767279600000, 3600000)), uniqExact(visitor) "
    found = (await warehouse.query(raw + "FROM events FINAL GROUP BY 1")).result_rows
    assert await clean(warehouse) == {hour: count for hour, count in found}  # noqa: C416  # rows are sequences to mypy
    assert await upkeep.doubted(warehouse) == []
