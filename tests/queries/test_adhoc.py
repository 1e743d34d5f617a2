"""POST /api/v1/sql: every format, what is said of what is wrong, and who may ask."""

import asyncio
import csv
import io
import json
from typing import Any

import aiohttp
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from queries.settings import Settings
from tests.ingest_api.corpora.packages import naughty_strings
from tests.queries.conftest import Service, Tenant, serve
from tests.queries.sandbox.tenants import ask, at, shop
from tests.queries.stored import event, store
from tests.waiting import until

pytestmark = pytest.mark.stack

_ALL = (
    "SELECT name, properties, occurred_at, id, [1, 2] AS list, map('k', 1) AS pairs, (1, 'x') AS two, -1.5 AS number, "
    "CAST(NULL AS Nullable(String)) AS nothing FROM events WHERE name = 'purchase'"
)


@pytest.fixture
async def filled(tenant: Tenant, warehouse: Client) -> Tenant:
    store(warehouse, *shop(tenant.id))
    return tenant


async def test_json_has_rows_as_objects_beside_their_types(service: Service, filled: Tenant) -> None:
    answer = await ask(service, filled, "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC LIMIT 1")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body["data"] == [{"name": "page_view", "n": 6}]
    assert answer.body["meta"] == [{"name": "name", "type": "LowCardinality(String)"}, {"name": "n", "type": "UInt64"}]
    assert "statistics" not in answer.body, "rows read would tell of others' rows"


async def test_ndjson_has_a_row_a_line(service: Service, filled: Tenant) -> None:
    answer = await ask(service, filled, "SELECT name FROM events WHERE client_id = 'cyd'", format="ndjson")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.raw.splitlines()] == [{"name": "page_view"}] * 2


async def test_csv_has_a_header_and_no_formulas(service: Service, filled: Tenant) -> None:
    sql = "SELECT '=cmd()' AS a, -5 AS b, '-5' AS c, 'x=1' AS d, ['=1'] AS `=e`"
    answer = await ask(service, filled, sql, format="csv")
    read = list(csv.reader(io.StringIO(answer.raw.decode())))
    assert read == [["a", "b", "c", "d", "'=e"], ["'=cmd()", "-5", "'-5", "x=1", "['=1']"]]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="answer.csv"'


async def test_parquet_and_arrow_are_read_by_their_own_library(service: Service, filled: Tenant) -> None:
    parquet = pq.read_table(io.BytesIO((await ask(service, filled, _ALL, format="parquet")).raw)).to_pylist()
    arrow = pa.ipc.open_stream((await ask(service, filled, _ALL, format="arrow")).raw).read_all().to_pylist()
    for rows in (parquet, arrow):
        assert [row["name"] for row in rows] == ["purchase"]
        assert rows[0]["list"] == [1, 2]
        assert (rows[0]["number"], rows[0]["nothing"]) == (-1.5, None)
        assert json.loads(rows[0]["properties"])["price"] == 10


async def test_an_empty_answer_is_no_error(service: Service, filled: Tenant) -> None:
    for form in ("json", "ndjson", "csv", "parquet", "arrow"):
        answer = await ask(service, filled, "SELECT name FROM events WHERE name = 'nobody'", format=form)
        assert answer.status == 200, form


async def test_parameters_are_values_and_nothing_else(service: Service, filled: Tenant) -> None:
    sql = "SELECT count() AS n FROM events WHERE name = {name:String} AND path IN {paths:Array(String)}"
    answer = await ask(service, filled, sql, parameters={"name": "page_view", "paths": ["/0", "' OR 1 --"]})
    assert answer.body["data"] == [{"n": 3}]
    answer = await ask(
        service,
        filled,
        "SELECT {project:String} AS p, {n:Nullable(Int64)} AS n",
        parameters={"project": "not-mine", "n": None},
    )
    assert answer.body["data"] == [{"p": "not-mine", "n": None}]
    answer = await ask(
        service,
        filled,
        "SELECT count(*) FROM events WHERE name = $1 AND created_at > $2 LIMIT $3",
        dialect="postgres",
        parameters={"1": "page_view", "2": "2026-11-20T12:30:00Z", "3": 1},
    )
    assert answer.body["data"] == [{"count": 4}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sql": "SELEC 1"}, "Only SELECT is run here"),
        ({"sql": "SELECT\n nam FROM events"}, "There is no column of this name: nam"),
        ({"sql": "SELECT 1 FROM\nevts"}, "Line 2, column 1: There is no view evts"),
        ({"sql": "SELECT hostName()"}, "Line 1, column 8: There is no function hostName here"),
        ({"sql": "SELECT name + 1 FROM events"}, "Types do not fit"),
        ({"sql": "SELECT toUInt8('secret of mine')"}, "A value cannot be read"),
        ({"sql": "SELECT name, count() FROM events"}, "GROUP BY"),
        ({"sql": "SELECT {a:String}"}, "The parameter a has no value"),
        ({"sql": "SELECT 1", "parameters": {"a": 1}}, "The statement has no parameter 'a'"),
        ({"sql": "SELECT {a:Int64}", "parameters": {"a": {"b": 1}}}, "The value of a is no text"),
        ({"sql": "SELECT {a:Int64}", "parameters": {"a": "x"}}, "The value of a parameter cannot be read"),
        ({"sql": "SELECT 1", "format": "xml"}, "format"),
        ({"sql": ""}, "sql"),
        ({"sql": "SELECT 1", "settings": {}}, "settings"),
        ({"sql": f"SELECT '{'x' * 70_000}'"}, "longer than 65536 bytes"),
        ({"sql": "SELECT NULL AS n", "format": "parquet"}, "This format cannot hold"),
        ({"sql": "SELECT intDiv(1, 0)"}, "divided by zero"),
        ({"sql": "SELECT (SELECT name FROM events)"}, "more than one row"),
    ],
)
async def test_what_is_wrong_is_said_for_people(
    service: Service, filled: Tenant, body: dict[str, Any], said: str
) -> None:
    answer = await service.ask("/api/v1/sql", filled.bearer(Kind.QUERY), method="POST", data=orjson.dumps(body))
    assert answer.status == 400, answer.raw
    assert said in answer.body["error"]
    assert "secret of mine" not in answer.raw.decode()


async def test_too_much_is_refused_and_says_so(service: Service, filled: Tenant) -> None:
    answer = await ask(service, filled, "SELECT a.name FROM events AS a, (SELECT arrayJoin(range(150000)) AS n) AS b")
    assert answer.status == 422


async def test_only_a_query_key_opens_it(service: Service, filled: Tenant) -> None:
    for authorization in ("", filled.bearer(Kind.WRITE), filled.bearer(Kind.DELETE), "Bearer hr_query_x_y"):
        answer = await service.ask("/api/v1/sql", authorization, method="POST", data=b'{"sql": "SELECT 1"}')
        assert answer.status == 401
    assert (await service.ask("/api/v1/sql", filled.bearer(Kind.QUERY), {"sql": "SELECT 1"})).status == 405


async def test_naughty_strings_come_back_as_they_are(service: Service, filled: Tenant) -> None:
    for text in naughty_strings():
        written = text.replace("\\", "\\\\").replace("'", "\\'")
        sql = f"SELECT '{written}' AS a, {{p:String}} AS b, ['{written}'] AS c"
        answer = await ask(service, filled, sql, parameters={"p": text})
        assert answer.status == 200, (text, answer.raw)
        assert answer.body["data"] == [{"a": text, "b": text, "c": [text]}], ascii(text)
        pg = "SELECT '" + text.replace("'", "''") + "' AS a"
        assert (await ask(service, filled, pg, dialect="postgres")).body["data"] == [{"a": text}], ascii(text)


async def test_a_statement_ends_when_its_client_goes(
    redis_url: str, clickhouse_url: str, warehouse: Client, tenant: Tenant
) -> None:
    store(warehouse, *[event(tenant.id, occurred_at=at(n / 60)) for n in range(2000)])
    slow = "SELECT count() FROM events AS a, events AS b, events AS c WHERE a.path || b.path || c.path = 'gone-client'"

    async def running() -> bool:
        asked = "SELECT count() FROM system.processes WHERE query LIKE '%gone-client%' AND query NOT LIKE '%processes%'"
        return bool(warehouse.query(asked).result_rows[0][0])

    async def ended() -> bool:
        return not await running()

    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, query_timeout_seconds=60)) as service:
        asking = asyncio.ensure_future(ask(service, tenant, slow))
        await until(running)
        asking.cancel()
        with pytest.raises((asyncio.CancelledError, aiohttp.ClientError)):
            await asking
        await until(ended)
