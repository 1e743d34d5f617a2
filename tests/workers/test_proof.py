"""Proof: ClickHouse remembers a token and has no rows, as after a kill between the two; the rows come all the same."""

import secrets
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import Install, Redis
from tests.workers.entries import entry, event
from tests.workers.history import History
from workers import pipeline, proof, row
from workers.batch import Batch, decode
from workers.errors import NotNow
from workers.reference import Reference
from workers.settings import Settings
from workers.sink import Sink

pytestmark = pytest.mark.stack

VIEWS = ("sightings", "identity_claims", "user_traits", "hour_marks")


@pytest.fixture
async def sink(clickhouse_url: str, warehouse: AsyncClient) -> AsyncIterator[Sink]:
    for view in VIEWS:
        await warehouse.command(f"TRUNCATE TABLE {view}")
    sink = Sink(clickhouse_url, secrets.token_hex(8), 60)
    yield sink
    await sink.close()


def prepared(*events: object, entry_id: str = "1000-0") -> Batch:
    return pipeline.run(decode(3, [entry(entry_id, list(events))]), Reference())  # type: ignore[arg-type]  # events only


async def count(warehouse: AsyncClient, table: str = "events") -> int:
    return int((await warehouse.query(f"SELECT count() FROM {table}")).result_rows[0][0])


async def forget(warehouse: AsyncClient, table: str, where: str = "1") -> None:
    """Rows away, their token stays: a mutation leaves the log of tokens as it is."""
    await warehouse.command(f"ALTER TABLE {table} DELETE WHERE {where}", settings={"mutations_sync": 2})


async def see(clickhouse_url: str, sink: Sink, batch: Batch) -> None:
    await proof.see(sink, batch, row.columns(batch), url=clickhouse_url, timeout=10)


async def test_the_token_alone_keeps_rows_away_that_are_not_there(sink: Sink, warehouse: AsyncClient) -> None:
    """What is to be mended: an insert that comes again says that it went well."""
    batch = prepared(*(event(number) for number in range(10)))
    await sink.insert(batch, "a")
    await forget(warehouse, "events")
    await sink.insert(batch, "a")
    assert await count(warehouse) == 0


@pytest.mark.parametrize("gone", ["1", "_index = 3", "_index > 3", "0"], ids=["all", "one", "some", "none"])
async def test_what_is_not_there_is_brought_once(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str, gone: str
) -> None:
    batch = prepared(*(event(number) for number in range(10)))
    await sink.insert(batch, "a")
    await forget(warehouse, "events", gone)
    for _ in range(2):
        await sink.insert(batch, "a")
        await see(clickhouse_url, sink, batch)
    rows = (await warehouse.query("SELECT count(), uniqExact(event_id), sum(_index) FROM events")).result_rows
    assert tuple(rows[0]) == (10, 10, 45)


@pytest.fixture
async def counted(warehouse: AsyncClient) -> AsyncIterator[str]:
    """A view of somebody's own that adds up: it must see each event once."""
    await warehouse.command(
        "CREATE TABLE counted (name String, events UInt64) ENGINE = SummingMergeTree ORDER BY name "
        "SETTINGS non_replicated_deduplication_window = 1000"
    )
    select = "SELECT name, count() AS events FROM events GROUP BY name"
    await warehouse.command(f"CREATE MATERIALIZED VIEW counting TO counted AS {select}")
    yield "SELECT sum(events) FROM counted"
    await warehouse.command("DROP VIEW counting")
    await warehouse.command("DROP TABLE counted SYNC")


@pytest.mark.parametrize("gone", ["1", "_index > 3"], ids=["all", "some"])
async def test_a_view_that_adds_up_counts_what_is_brought_no_second_time(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str, counted: str, gone: str
) -> None:
    batch = prepared(*(event(number) for number in range(10)))
    await sink.insert(batch, "a")
    await forget(warehouse, "events", gone)
    await sink.insert(batch, "a")
    await see(clickhouse_url, sink, batch)
    assert await count(warehouse) == 10
    assert (await warehouse.query(counted)).result_rows == [(10,)]


async def test_rejected_events_are_brought_too(sink: Sink, warehouse: AsyncClient, clickhouse_url: str) -> None:
    aside = {"1000-0:1": "refused", "1000-0:2": "refused"}
    batch = pipeline.run(decode(3, [entry("1000-0", [event(1), event(2), event(3)])], aside), Reference())
    assert len(batch.rejected) == 2
    await sink.insert(batch, "a")
    await forget(warehouse, "rejected_events", "_index = 1")
    await sink.insert(batch, "a")
    await see(clickhouse_url, sink, batch)
    assert (await count(warehouse), await count(warehouse, "rejected_events")) == (1, 2)


async def test_the_views_make_again_what_is_not_there(sink: Sink, warehouse: AsyncClient, clickhouse_url: str) -> None:
    batch = prepared(
        event(1, kind="identify", name="identify", user_id="ada", client_id="c1", properties=b'{"plan":"pro"}'),
        event(2, user_id="", client_id="c2"),
    )
    await sink.insert(batch, "a")
    made = {view: await count(warehouse, f"{view} FINAL") for view in VIEWS}
    assert made == {"sightings": 2, "identity_claims": 1, "user_traits": 1, "hour_marks": 1}
    for view in VIEWS:
        await forget(warehouse, view)
    await sink.insert(batch, "a")
    assert await count(warehouse, "sightings") == 0, "the view remembers its own token"
    for _ in range(2):
        await see(clickhouse_url, sink, batch)
    assert {view: await count(warehouse, f"{view} FINAL") for view in VIEWS} == made


async def test_the_views_are_asked_about_this_batch_alone(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    batch, other = prepared(event(1, client_id="mine")), prepared(event(2, client_id="other"), entry_id="5000-0")
    await sink.insert(batch, "a")
    await sink.insert(other, "b")
    await forget(warehouse, "sightings")
    await see(clickhouse_url, sink, batch)
    assert (await warehouse.query("SELECT client_id FROM sightings")).result_rows == [("mine",)]


async def test_every_view_of_the_events_is_made_again(sink: Sink, warehouse: AsyncClient) -> None:
    """A new one belongs into `proof._AGAIN`, and its target must take a thing again."""
    views = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'"
    assert {name for (name,) in (await warehouse.query(views)).result_rows} == set(proof._AGAIN)


async def test_away_is_not_now(sink: Sink) -> None:
    batch = prepared(event(1))
    with pytest.raises(NotNow):
        await proof.see(sink, batch, row.columns(batch), url="http://u:p@127.0.0.1:1/?database=x", timeout=5)


async def test_a_worker_that_takes_a_batch_over_sees_for_itself(
    redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient
) -> None:
    """Handed out before, inserted before, its rows lost with ClickHouse: the next worker's insert is dropped."""
    history = History(redis, made, settings, warehouse)
    await history.append(0, "1795000000000-0", [event(number) for number in range(20)])
    pending = {"groupname": "workers", "consumername": "owner", "streams": {made.shards[0].frames: ">"}}
    await redis.xreadgroup(**pending)  # type: ignore[arg-type]  # redis-py 5: keys and values invariant
    batch = pipeline.run(decode(0, await _pending(redis, made)), Reference())
    token = f"{batch.entry_ids[0]}:{batch.entry_ids[-1]}:{len(batch.entry_ids)}"
    sink = Sink(settings.clickhouse_url, made.id, 60)
    await sink.insert(batch, token)
    await sink.close()
    await forget(warehouse, "events")
    await history.drain()
    assert await count(warehouse) == 20


async def _pending(redis: Redis, made: Install) -> list[tuple[bytes, list[bytes]]]:
    entries = await redis.xrange(made.shards[0].frames)
    return [(entry_id, [part for pair in fields.items() for part in pair]) for entry_id, fields in entries]
