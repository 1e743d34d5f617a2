"""Batches into the real ClickHouse engine."""

import gc
import secrets
import weakref
from collections.abc import AsyncIterator

import msgspec
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.event import Event
from tests.workers.entries import entry, event
from workers import pipeline, row
from workers.batch import Batch, decode
from workers.errors import BadRows, NotNow
from workers.fingerprint import fingerprint
from workers.reference import Reference
from workers.sink import Sink

pytestmark = pytest.mark.stack


def prepared(*events: object, entry_id: str = "1000-0") -> Batch:
    """A batch through all steps."""
    return pipeline.run(decode(3, [entry(entry_id, list(events))]), Reference())  # type: ignore[arg-type]  # events only


async def count(warehouse: AsyncClient, table: str = "events") -> int:
    """Rows, each physical one counted."""
    return int((await warehouse.query(f"SELECT count() FROM {table}")).result_rows[0][0])


@pytest.fixture
async def sink(clickhouse_url: str, warehouse: AsyncClient) -> AsyncIterator[Sink]:
    """A sink of an installation of its own: tokens of other tests do not count."""
    sink = Sink(clickhouse_url, secrets.token_hex(8), 60)
    yield sink
    await sink.close()


async def test_an_event_arrives_with_every_column(sink: Sink, warehouse: AsyncClient) -> None:
    full = event(7, properties='{"a":{"b":[1,"ü"]}}'.encode(), url="https://example.com/x", user_id="u", country="TR")
    await sink.insert(prepared(full), "a")
    columns = (
        "toString(event_id), name, toUnixTimestamp64Milli(occurred_at), properties.a.b, host, path, user_id, _index"
    )
    (stored,) = (await warehouse.query(f"SELECT {columns} FROM events")).result_rows
    assert stored[:3] == ("00000000-0000-0000-0000-000000000007", "page_view", 1_795_000_000_007)
    assert stored[3] == [1, "ü"]
    assert stored[4:] == ("example.com", "/x", "u", 0)


async def test_the_same_batch_sent_again_changes_nothing(sink: Sink, warehouse: AsyncClient) -> None:
    one = prepared(*(event(i) for i in range(1000)))
    for _ in range(3):
        await sink.insert(one, "a")
    assert await count(warehouse) == 1000


async def test_the_rows_of_an_insert_go_with_it_and_do_not_wait_for_the_collector(sink: Sink) -> None:
    class Column(list[object]):
        """Can be asked whether it is still there."""

    one = prepared(event(1))
    columns: row.Columns = [Column(column) for column in row.columns(one)]
    left = [weakref.ref(column) for column in columns]
    gc.disable()
    try:
        await sink.insert(one, "a", columns)
        del columns
        assert [ref() for ref in left if ref() is not None] == []
    finally:
        gc.enable()


async def test_without_the_token_the_same_batch_doubles(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    # The control of the test above: another installation, another token.
    one = prepared(*(event(i) for i in range(1000)))
    other = Sink(clickhouse_url, "another", 60)
    await sink.insert(one, "a")
    await other.insert(one, "a")
    assert await count(warehouse) == 2000
    assert (await warehouse.query("SELECT count() FROM events FINAL")).result_rows[0][0] == 1000
    await other.close()


async def test_a_batch_may_reach_over_many_months(sink: Sink, warehouse: AsyncClient) -> None:
    month = 31 * 86_400_000
    one = prepared(*(event(i, occurred_at=i * month) for i in range(130)))
    await sink.insert(one, "a")
    await sink.insert(one, "a")
    assert await count(warehouse) == 130


async def test_rows_that_clickhouse_refuses_are_found_and_nothing_is_stored_meanwhile(
    sink: Sink, warehouse: AsyncClient
) -> None:
    bad = {17: b'{"a":1e999}', 63: b"not json"}
    one = prepared(*(event(i, properties=bad.get(i, b'{"ok":true}')) for i in range(100)))
    with pytest.raises(BadRows):
        await sink.insert(one, "a")
    found = await sink.refused(one)
    assert list(found) == ["1000-0:17", "1000-0:63"]
    assert found["1000-0:63"] == "ClickHouse INCORRECT_DATA: Cannot parse JSON object here: not json"
    assert await count(warehouse) == 0


async def test_when_enough_bad_rows_are_found_no_more_are_looked_for(sink: Sink) -> None:
    one = prepared(*(event(i, properties=b"not json") for i in range(1000)))
    assert len(await sink.refused(one, 3)) == 4


async def test_a_batch_of_which_no_row_is_bad_is_not_blamed(sink: Sink) -> None:
    with pytest.raises(NotNow, match="each of its rows"):
        await sink.refused(prepared(event(1), event(2)))


async def test_rejected_events_are_stored_with_what_can_be_put_back_and_their_fingerprint(
    sink: Sink, warehouse: AsyncClient
) -> None:
    one = pipeline.run(decode(3, [entry("1000-0", [event(1), event(2)])], {"1000-0:1": "why"}), Reference())
    for _ in range(2):  # and once more, as after a crash
        await sink.insert(one, "a")
    columns = "kind, reason, name, toString(event_id), events, hex(raw), fingerprint, _index, redriven_at = 0"
    rows = (await warehouse.query(f"SELECT {columns} FROM rejected_events")).result_rows
    raw, cause = msgspec.msgpack.encode(event(2)).hex().upper(), fingerprint("demo", "page_view", "why")
    assert [tuple(row) for row in rows] == [
        ("event", "why", "page_view", "00000000-0000-0000-0000-000000000002", 1, raw, cause, 1, 1)
    ]
    assert await count(warehouse) == 1


async def test_the_probe_has_the_columns_of_the_table(warehouse: AsyncClient) -> None:
    query = (
        "SELECT name, type FROM system.columns "
        "WHERE database = currentDatabase() AND table = {table:String} AND default_kind != 'ALIAS'"
    )
    found = [
        (await warehouse.query(f"{query} ORDER BY position", parameters={"table": table})).result_rows
        for table in ("events", "events_probe")
    ]
    assert found[0] == found[1]
    assert len(found[0]) == len(row.COLUMNS)


async def who_is_who(warehouse: AsyncClient, project: str) -> list[str]:
    """All that is known of the people of a project, as JSON."""
    questions = (
        "SELECT * FROM identities(project={project:String}) ORDER BY client_id",
        "SELECT client_id, user_id, min(claim) FROM identity_claims WHERE project = {project:String} "
        "GROUP BY client_id, user_id ORDER BY client_id, user_id",
        "SELECT user_id, trait, max(latest) FROM user_traits WHERE project = {project:String} "
        "GROUP BY user_id, trait ORDER BY user_id, trait",
        "SELECT user_id, client_id, min(first_seen), max(last_seen) FROM sightings WHERE project = {project:String} "
        "GROUP BY user_id, client_id ORDER BY user_id, client_id",
    )
    found = [await warehouse.raw_query(one, {"project": project}, fmt="JSONEachRow") for one in questions]
    return [one.decode() for one in found]


def people(project: str) -> list[Event]:
    """Some who say who they are, some more than once and not always the same."""
    return [
        event(
            number,
            project=project,
            kind=("event", "event", "identify")[number % 3],
            client_id=("", "c1", "c2", "c3")[number % 4],
            user_id=("", "ada", "", "eve", "bob")[number % 5],
            properties=b'{"plan":"p%d","n":%d}' % (number % 7, number),
        )
        for number in range(1, 121)
    ]


async def test_who_is_who_does_not_change_when_batches_are_retried_or_replayed(
    sink: Sink, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    project = f"people-{secrets.token_hex(4)}"
    told = people(project)
    await sink.insert(prepared(*told), "a")
    before = await who_is_who(warehouse, project)
    assert '"user_id":"ada"' in before[0]
    await sink.insert(prepared(*told), "a")  # a retry: the same token
    assert await who_is_who(warehouse, project) == before
    other = Sink(clickhouse_url, "replaying", 60)
    await other.insert(prepared(*reversed(told)), "b")  # a replay: another token, in other batches and another order
    for number in range(0, len(told), 50):
        await other.insert(prepared(*told[number : number + 50]), f"c{number}")
    await other.close()
    assert await who_is_who(warehouse, project) == before


async def test_who_is_who_is_the_same_in_whatever_order_events_arrive(sink: Sink, warehouse: AsyncClient) -> None:
    project, backwards = (f"people-{secrets.token_hex(4)}" for _ in range(2))
    await sink.insert(prepared(*people(project)), "a")
    for one in people(backwards)[::-20]:  # these come before all others, and once more with them
        await sink.insert(prepared(one), one.event_id.hex())
    await sink.insert(prepared(*reversed(people(backwards))), "c")
    assert await who_is_who(warehouse, backwards) == await who_is_who(warehouse, project)


async def test_looking_for_bad_rows_makes_nobody_known(sink: Sink, warehouse: AsyncClient) -> None:
    project = f"people-{secrets.token_hex(4)}"
    bad = event(999, project=project, user_id="mallory", properties=b"not json")
    assert len(await sink.refused(prepared(*people(project), bad))) == 1
    assert await who_is_who(warehouse, project) == [""] * 4


ODD = [
    *(b'{"a":1,"a":2}', b'{"a":{"b":1},"a.b":2}', b'{"":1}', b'{"__proto__":{}}', b'{"t":"2024-01-01T10:00:00Z"}'),
    *(b'{"n":123456789012345678901234567890}', b'{"u":"\\u0000\\ud83d\\ude00"}'),
]


async def test_odd_traits_stop_no_batch(sink: Sink, warehouse: AsyncClient) -> None:
    project = f"people-{secrets.token_hex(4)}"
    odd = [
        *ODD,
        b"{}",
        b'{"a":{"b":' * 15 + b"null" + b"}}" * 15,
        b'{"a":[[],[{}],[null,1,"x"]]}',
        b'{"\\"\\\\":1e-300}',
    ]
    who = {"project": project, "kind": "identify", "client_id": "c'\\\u0000", "user_id": "\U0001f600\\N"}
    told = [event(number, occurred_at=number, properties=raw, **who) for number, raw in enumerate(odd)]
    await sink.insert(prepared(*told), "a")
    assert await count(warehouse) == len(odd)
    links, _, traits, _ = await who_is_who(warehouse, project)
    assert (links.count("\n"), '"trait":"t"' in traits) == (1, True)


async def test_odd_but_right_properties_are_stored_as_they_are(sink: Sink, warehouse: AsyncClient) -> None:
    await sink.insert(prepared(*(event(i, properties=raw) for i, raw in enumerate(ODD))), "a")
    assert await count(warehouse) == len(ODD)
    query = "SELECT toString(properties.t), toString(properties.n) FROM events WHERE _index IN (4, 5) ORDER BY _index"
    rows = (await warehouse.query(query)).result_rows
    assert rows[0][0] == "2024-01-01T10:00:00Z"
    assert rows[1][1] == "123456789012345678901234567890"


async def test_a_batch_without_a_good_event_leaves_only_its_rejected_rows(sink: Sink, warehouse: AsyncClient) -> None:
    one = decode(3, [(b"1000-0", [b"f", b"damaged", b"n", b"3", b"b", b"7"])])
    await sink.insert(pipeline.run(one, Reference()), "a")
    assert (await count(warehouse), await count(warehouse, "rejected_events")) == (0, 1)


@pytest.mark.parametrize("wrong", ["127.0.0.1:1/?database=headrace", "no such database"])
async def test_a_clickhouse_that_does_not_take_it_now_is_asked_again_later(clickhouse_url: str, wrong: str) -> None:
    missing = clickhouse_url.replace("database=headrace", "database=no_such_database")
    sink = Sink(missing if wrong == "no such database" else f"http://u:p@{wrong}", "x", 5)
    with pytest.raises(NotNow):
        await sink.insert(prepared(event(1)), "a")
    await sink.close()
