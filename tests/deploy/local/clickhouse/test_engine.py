"""Statements side by side on the real engine: what stays apart, what goes on, what is kept."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession, ClientTimeout

from tests.deploy.local.clickhouse.served import PASSWORD, USER, Served, ask

pytestmark = pytest.mark.stack

ENDLESS = "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)"


async def until(happens: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not await happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def running(http: ClientSession, query_id: str) -> int:
    query = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {id:String}"
    return int((await ask(http, query, param_id=query_id)).body)


async def kill(http: ClientSession, query_id: str) -> None:
    await ask(http, "KILL QUERY WHERE Settings['log_comment'] = {id:String}", param_id=query_id)


PLACES = "SELECT getSetting('max_threads') != 3, currentDatabase() FORMAT CSV"


async def test_settings_reach_their_statement_and_no_other(http: ClientSession) -> None:
    asked = [ask(http, PLACES, **({"max_threads": "3", "database": "system"} if n % 2 else {})) for n in range(60)]
    replies = await asyncio.gather(*asked)
    assert {reply.body for reply in replies[1::2]} == {b'0,"system"\n'}
    assert {reply.body for reply in replies[0::2]} == {b'1,"default"\n'}


async def test_set_and_use_end_with_their_request(http: ClientSession) -> None:
    for order in ("SET max_threads = 3", "USE system", "CREATE TEMPORARY TABLE mine (a Int8)"):
        assert (await ask(http, order)).status == 200
    assert {(await ask(http, PLACES)).body for _ in range(20)} == {b'1,"default"\n'}
    assert (await ask(http, "SELECT * FROM mine")).status == 404


async def test_readonly_holds_for_its_statement_and_no_longer(http: ClientSession, table: str) -> None:
    insert = f"INSERT INTO {table} FORMAT CSV\n1,a"
    for _ in range(10):
        assert (await ask(http, insert, readonly="1")).headers["X-ClickHouse-Exception-Code"] == "164"
        assert (await ask(http, "SELECT 1", readonly="1")).body == b"1\n"
    replies = [await ask(http, insert, insert_deduplication_token=str(n)) for n in range(20)]
    assert {reply.status for reply in replies} == {200}
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"20\n"


@pytest.mark.parametrize("value", ["it's", "\\", "'; DROP TABLE x; --", "line\nbreak", "ü—𝄞", "", "a&b=c%20"])
async def test_a_setting_may_have_any_value(http: ClientSession, value: str) -> None:
    reply = await ask(http, "SELECT getSetting('log_comment') AS x FORMAT JSONEachRow", log_comment=value)
    assert json.loads(reply.body) == {"x": value}


@pytest.mark.parametrize("value", ["tab\t", "it's", '"', "back\\slash", "line\nbreak\r", "ü—𝄞", "", "\\N", "`{x}`"])
async def test_a_parameter_may_have_any_value(http: ClientSession, table: str, value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    reply = await ask(http, "SELECT {x:String} AS x FORMAT JSONEachRow", param_x=escaped)
    assert json.loads(reply.body) == {"x": value}
    name = table.partition(".")[2]
    inserted = await ask(
        http, b"INSERT INTO {t:Identifier} FORMAT CSV\n1,a", database="headrace", param_t=name, param_unused=escaped
    )
    assert inserted.status == 200


async def test_parameters_have_types(http: ClientSession) -> None:
    query = "SELECT {a:Array(String)} AS a, {n:Nullable(UInt8)} AS n, {d:DateTime64(3)} AS d FORMAT JSONEachRow"
    fields = {"param_a": "['it\\'s','tab\\t']", "param_n": "\\N", "param_d": "2026-11-21 09:00:00.123"}
    expected = {"a": ["it's", "tab\t"], "n": None, "d": "2026-11-21 09:00:00.123"}
    assert json.loads((await ask(http, query, **fields)).body) == expected


async def test_an_insert_sent_again_with_its_token_is_dropped(http: ClientSession, table: str) -> None:
    for token, rows in (("a", "1,x"), ("a", "1,x"), ("a", "2,other rows"), ("b", "1,x")):
        reply = await ask(http, f"INSERT INTO {table} FORMAT CSV\n{rows}", insert_deduplication_token=token)
        assert reply.status == 200
    assert (await ask(http, f"SELECT id, name FROM {table}")).body == b"1\tx\n1\tx\n"


async def test_eight_clients_insert_and_select_at_once(endpoint: Served, table: str) -> None:
    def work(k: int) -> list[int]:
        client = endpoint.client()
        counts = []
        for n in range(5):
            ids = range(k * 10_000 + n * 1000, k * 10_000 + n * 1000 + 1000)
            client.insert(table, [ids, [f"name {i}" for i in ids]], column_names=["id", "name"], column_oriented=True)
            seen = client.query(f"SELECT count() FROM {table} WHERE intDiv(id, 10000) = {k}").result_rows
            counts.append(int(seen[0][0]))
        client.close()
        return counts

    counts = await asyncio.gather(*(asyncio.to_thread(work, k) for k in range(8)))
    assert counts == [[1000, 2000, 3000, 4000, 5000]] * 8


async def test_inserts_go_on_while_questions_fill_their_lane(http: ClientSession, table: str) -> None:
    endless = [asyncio.ensure_future(ask(http, ENDLESS, query_id="fill", max_threads="1")) for _ in range(7)]

    async def seven_run() -> bool:
        return await running(http, "fill") == 7

    await until(seven_run)
    endless += [asyncio.ensure_future(ask(http, ENDLESS, query_id="fill", max_threads="1")) for _ in range(5)]
    for n in range(5):
        token = {"insert_deduplication_token": str(n)}
        assert (await ask(http, f"INSERT INTO {table} FORMAT CSV\n{n},a", **token)).status == 200
    assert not any(question.done() for question in endless)
    for question in endless:
        question.cancel()
    await asyncio.gather(*endless, return_exceptions=True)
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"5\n"


async def test_a_question_whose_client_left_is_killed(endpoint: Served, http: ClientSession) -> None:
    question = asyncio.ensure_future(ask(http, ENDLESS, query_id="left"))

    async def it_runs() -> bool:
        return await running(http, "left") == 1

    async def it_is_gone() -> bool:
        return await running(http, "left") == 0

    await until(it_runs)
    question.cancel()
    await until(it_is_gone)
    assert endpoint.process.poll() is None


async def test_a_running_question_can_be_killed_by_its_id(http: ClientSession) -> None:
    question = asyncio.ensure_future(ask(http, ENDLESS, query_id="slow one"))

    async def it_ends() -> bool:
        await kill(http, "slow one")
        return question.done()

    await until(it_ends)
    assert (await question).headers["X-ClickHouse-Exception-Code"] == "394"


async def test_an_insert_whose_client_left_is_whole(endpoint: Served, http: ClientSession, table: str) -> None:
    rows = "".join(f"{n},name {n}\n" for n in range(300_000))
    timeout = ClientTimeout(total=0.25)
    async with ClientSession(endpoint.url, timeout=timeout) as hasty:
        headers = {"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD.encode().decode("latin-1")}
        asked = ask(hasty, f"INSERT INTO {table} FORMAT CSV\n{rows}", headers, query_id="left-insert")
        await asyncio.gather(asked, return_exceptions=True)

    async def it_is_done() -> bool:
        return await running(http, "left-insert") == 0

    await until(it_is_done)
    assert (await ask(http, f"SELECT count() FROM {table}")).body in {b"0\n", b"300000\n"}


async def test_a_large_answer_arrives_whole(http: ClientSession) -> None:
    reply = await ask(http, "SELECT number, repeat('x', 100) FROM numbers(500000) FORMAT RowBinary")
    assert len(reply.body) == 500_000 * (8 + 1 + 100)


async def test_parts_are_merged_in_the_background(http: ClientSession, table: str) -> None:
    for n in range(30):
        await ask(http, f"INSERT INTO {table} FORMAT CSV\n{n},a")

    async def they_are_fewer() -> bool:
        parts = "SELECT count() FROM system.parts WHERE active AND {t:String} = database || '.' || table"
        return int((await ask(http, parts, param_t=table)).body) < 30

    await until(they_are_fewer)
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"30\n"


async def test_memory_is_bounded_for_the_process_and_for_a_question(http: ClientSession) -> None:
    limits = await ask(http, "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'")
    assert int(limits.body) == 4 << 30
    reply = await ask(http, "SELECT length(groupArray(number)) FROM numbers(100000000)", max_memory_usage="50000000")
    assert reply.headers["X-ClickHouse-Exception-Code"] == "241"
    assert (await ask(http, "SELECT 1")).body == b"1\n"


async def test_log_tables_of_the_engine_are_off(http: ClientSession) -> None:
    await ask(http, "SYSTEM FLUSH LOGS")
    logs = await ask(http, "SELECT name FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'")
    assert logs.body == b""
