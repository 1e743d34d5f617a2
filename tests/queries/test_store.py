"""The store against the real engine: values are bound, nothing is written, too much is refused, away is said."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.client import Client

from deploy.local.ports import free_port
from queries.errors import Refused, StoreUnavailable
from queries.sql import Statement
from queries.store import Store
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

NASTY = ("'", "\\", "\\n", "\\'; DROP TABLE events; --", "{project:String}", "tab\there", "line\nhere", "\u202e🜂", "%s")


@pytest.fixture
async def reader(clickhouse_url: str) -> AsyncIterator[Store]:
    one = Store(clickhouse_url, 10)
    yield one
    await one.close()


@pytest.mark.parametrize("text", NASTY, ids=ascii)
async def test_a_bound_text_arrives_as_it_is(reader: Store, text: str) -> None:
    rows = await reader.rows(Statement("SELECT {text:String}, length({text:String})", {"text": text}))
    assert list(rows) == [(text, len(text.encode()))]


async def test_numbers_are_bound_up_to_their_last_bit(reader: Store) -> None:
    numbers: dict[str, object] = {"low": -(2**63), "high": 2**64 - 1}
    assert list(await reader.rows(Statement("SELECT {low:Int64}, {high:UInt64}", numbers))) == [(-(2**63), 2**64 - 1)]


@pytest.mark.parametrize("text", ["INSERT INTO events (project) VALUES ('x')", "TRUNCATE TABLE events"])
async def test_nothing_is_written(reader: Store, warehouse: Client, text: str) -> None:
    project = f"written-{uuid.uuid4()}"
    store(warehouse, event(project))
    with pytest.raises(StoreUnavailable, match="readonly"):
        await reader.rows(Statement(text))
    kept = Statement("SELECT count() FROM events WHERE project = {project:String}", {"project": project})
    assert list(await reader.rows(kept)) == [(1,)]


@pytest.mark.parametrize("column", ["country", "kind", "user_id"])
async def test_of_what_came_twice_only_the_last_can_fit_a_condition(
    reader: Store, warehouse: Client, column: str
) -> None:
    project = f"twice-{uuid.uuid4()}"
    first = event(project, **{column: "aa"})
    for number, one in enumerate((first, {**first, column: "bb"})):
        store(warehouse, one, event(project, name=f"beside_{number}"))
    text = " ".join(
        (
            "SELECT count() FROM events FINAL WHERE project = {project:String} AND name = {name:String}",
            f"AND {column} = {{value:String}}",
        )
    )
    for value, count in (("aa", 0), ("bb", 1)):
        asked = Statement(text, {"project": project, "name": first["name"], "value": value})
        assert list(await reader.rows(asked)) == [(count,)]


async def test_a_question_with_too_many_rows_is_refused(reader: Store) -> None:
    with pytest.raises(Refused, match="shorter range") as refused:
        await reader.rows(Statement("SELECT number FROM numbers(100001)"))
    assert refused.value.status == 422


async def test_a_question_that_takes_too_long_is_refused(clickhouse_url: str) -> None:
    hasty = Store(clickhouse_url, 0.2)
    with pytest.raises(Refused, match="shorter range"):
        await hasty.rows(Statement("SELECT sum(sipHash64(number)) FROM numbers(100000000000)"))
    await hasty.close()


async def test_questions_asked_at_once_share_the_first_connection(reader: Store) -> None:
    answers = await asyncio.gather(*(reader.rows(Statement("SELECT {n:UInt8}", {"n": n})) for n in range(8)))
    assert [rows[0][0] for rows in answers] == list(range(8))


async def test_without_clickhouse_the_store_is_unavailable() -> None:
    nobody = Store(f"http://default@127.0.0.1:{free_port()}/?database=headrace", 1)
    with pytest.raises(StoreUnavailable):
        await nobody.rows(Statement("SELECT 1"))
    await nobody.close()


async def test_a_wrong_password_makes_the_store_unavailable_and_is_not_shown(clickhouse_url: str) -> None:
    stranger = Store(clickhouse_url.replace("@", "-not@"), 1)
    with pytest.raises(StoreUnavailable) as unavailable:
        await stranger.rows(Statement("SELECT 1"))
    assert "-not" not in str(unavailable.value)
    await stranger.close()


async def test_rows_are_written_where_a_redrive_asks(reader: Store, warehouse: Client) -> None:
    project = uuid.uuid4().hex
    await reader.insert("rejected_events", ("project", "raw"), [[project, b"\xff\x00"]])
    query = "SELECT hex(raw) FROM rejected_events WHERE project = {project:String}"
    assert warehouse.query(query, parameters={"project": project}).result_rows == [("FF00",)]


async def test_a_store_that_is_away_says_so_when_it_is_written_to() -> None:
    away = Store(f"http://u:p@127.0.0.1:{free_port()}/", 1)
    with pytest.raises(StoreUnavailable):
        await away.insert("rejected_events", ("project",), [["x"]])
    await away.close()


async def test_an_answer_that_nobody_reads_to_its_end_does_not_keep_a_store_open(clickhouse_url: str) -> None:
    one = Store(clickhouse_url, 10)
    stream = one.stream(Statement("SELECT number FROM numbers(3000000)"), "JSONEachRow", {"max_result_rows": 0})
    assert await anext(stream)
    await asyncio.wait_for(one.close(), 8)
