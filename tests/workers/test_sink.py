"""Batches into the real ClickHouse engine."""

import secrets
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from tests.workers.entries import entry, event
from workers import pipeline
from workers.batch import Batch, decode
from workers.errors import NotNow
from workers.sink import Sink

pytestmark = pytest.mark.stack


def prepared(*events: object, entry_id: str = "1000-0") -> Batch:
    """A batch through all steps."""
    return pipeline.run(decode(3, [entry(entry_id, list(events))]))  # type: ignore[arg-type]  # events only


async def count(warehouse: AsyncClient, table: str = "events") -> int:
    """Rows, each physical one counted."""
    return int((await warehouse.query(f"SELECT count() FROM {table}")).result_rows[0][0])


@pytest.fixture
async def sink(clickhouse_url: str, warehouse: AsyncClient) -> AsyncIterator[Sink]:
    """A sink of an installation of its own: tokens of other tests do not count."""
    sink = Sink(clickhouse_url, secrets.token_hex(8), 10)
    yield sink
    await sink.close()


async def test_an_event_arrives_with_every_column(sink: Sink, warehouse: AsyncClient) -> None:
    full = event(7, properties='{"a":{"b":[1,"ü"]}}'.encode(), url="https://example.com/x", user_id="u", country="TR")
    assert await sink.insert(prepared(full)) == 1
    columns = (
        "toString(event_id), name, toUnixTimestamp64Milli(occurred_at), properties.a.b, host, path, user_id, _index"
    )
    (row,) = (await warehouse.query(f"SELECT {columns} FROM events")).result_rows
    assert row[:3] == ("00000000-0000-0000-0000-000000000007", "page_view", 1_795_000_000_007)
    assert row[3] == [1, "ü"]
    assert row[4:] == ("example.com", "/x", "u", 0)


async def test_the_same_batch_sent_again_changes_nothing(sink: Sink, warehouse: AsyncClient) -> None:
    one = prepared(*(event(i) for i in range(1000)))
    for _ in range(3):
        assert await sink.insert(one) == 1000
    assert await count(warehouse) == 1000


async def test_without_the_token_the_same_batch_doubles(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    # The control of the test above: another installation, another token.
    one = prepared(*(event(i) for i in range(1000)))
    other = Sink(clickhouse_url, "another", 10)
    await sink.insert(one)
    await other.insert(one)
    assert await count(warehouse) == 2000
    assert (await warehouse.query("SELECT count() FROM events FINAL")).result_rows[0][0] == 1000
    await other.close()


async def test_a_batch_may_reach_over_many_months(sink: Sink, warehouse: AsyncClient) -> None:
    month = 31 * 86_400_000
    one = prepared(*(event(i, occurred_at=i * month) for i in range(130)))
    assert await sink.insert(one) == 130
    assert await sink.insert(one) == 130
    assert await count(warehouse) == 130


async def test_rows_that_clickhouse_refuses_are_set_aside_and_their_neighbours_stored(
    sink: Sink, warehouse: AsyncClient
) -> None:
    bad = {17: b'{"a":1e999}', 63: b"not json"}
    one = prepared(*(event(i, properties=bad.get(i, b'{"ok":true}')) for i in range(100)))
    for _ in range(2):  # and once more, as after a crash
        assert await sink.insert(one) == 98
    assert await count(warehouse) == 98
    rows = (await warehouse.query("SELECT name, reason, raw, _index FROM rejected_events ORDER BY _index")).result_rows
    assert [row[3] for row in rows] == [17, 63]
    assert all(row[0] == "page_view" and "ClickHouse" in row[1] and row[2] for row in rows)


async def test_odd_but_right_properties_are_stored_as_they_are(sink: Sink, warehouse: AsyncClient) -> None:
    odd = [
        b'{"a":1,"a":2}', b'{"a":{"b":1},"a.b":2}', b'{"":1}', b'{"__proto__":{}}', b'{"t":"2024-01-01T10:00:00Z"}',
        b'{"n":123456789012345678901234567890}', b'{"u":"\\u0000\\ud83d\\ude00"}',
    ]  # fmt: skip
    assert await sink.insert(prepared(*(event(i, properties=raw) for i, raw in enumerate(odd)))) == len(odd)
    query = "SELECT toString(properties.t), toString(properties.n) FROM events WHERE _index IN (4, 5) ORDER BY _index"
    rows = (await warehouse.query(query)).result_rows
    assert rows[0][0] == "2024-01-01T10:00:00Z"
    assert rows[1][1] == "123456789012345678901234567890"


async def test_a_batch_without_a_good_event_leaves_only_its_rejected_rows(sink: Sink, warehouse: AsyncClient) -> None:
    one = decode(3, [(b"1000-0", [b"f", b"damaged", b"n", b"3", b"b", b"7"])])
    assert await sink.insert(pipeline.run(one)) == 0
    assert (await count(warehouse), await count(warehouse, "rejected_events")) == (0, 1)


@pytest.mark.parametrize("wrong", ["127.0.0.1:1/?database=headrace", "no such database"])
async def test_a_clickhouse_that_does_not_take_it_now_is_asked_again_later(clickhouse_url: str, wrong: str) -> None:
    missing = clickhouse_url.replace("database=headrace", "database=no_such_database")
    sink = Sink(missing if wrong == "no such database" else f"http://u:p@{wrong}", "x", 5)
    with pytest.raises(NotNow):
        await sink.insert(prepared(event(1)))
    await sink.close()
