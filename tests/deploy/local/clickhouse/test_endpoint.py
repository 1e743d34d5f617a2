"""ClickHouse's HTTP interface, spoken to in plain HTTP."""

import asyncio
import io
import json
import subprocess
import uuid
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiohttp import ClientSession, FormData
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, DataError
from clickhouse_connect.driver.summary import QuerySummary

from tests.deploy.local.clickhouse.served import PASSWORD, USER, Served, ask

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("path", ["/", "/ping", "/replicas_status"])
async def test_health_is_answered_without_a_password(endpoint: Served, path: str) -> None:
    async with ClientSession(endpoint.url) as stranger:
        async with stranger.get(path) as response:
            assert (response.status, await response.text()) == (200, "Ok.\n")
        async with stranger.head(path) as response:
            assert (response.status, await response.text()) == (200, "")


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({"Authorization": "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()}, {}, 200),
        ({"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD}, {}, 200),
        ({}, {"user": USER, "password": PASSWORD}, 200),
        ({"Authorization": "Basic " + b64encode(f"{USER}:wrong".encode()).decode()}, {}, 403),
        ({"X-ClickHouse-User": USER, "X-ClickHouse-Key": "wrong"}, {}, 403),
        ({}, {"user": "other", "password": PASSWORD}, 403),
        ({}, {}, 403),
    ],
)
async def test_only_the_account_may_ask(
    endpoint: Served, headers: dict[str, str], fields: dict[str, str], status: int
) -> None:
    async with ClientSession(endpoint.url) as stranger:
        reply = await ask(stranger, "SELECT 'secret'", headers, **fields)
    assert reply.status == status
    if status == 403:
        assert reply.headers["X-ClickHouse-Exception-Code"] == "516"
        assert b"AUTHENTICATION_FAILED" in reply.body
        assert b"secret" not in reply.body


async def test_curl_works_as_in_the_manual(endpoint: Served) -> None:
    def curl(*arguments: str) -> str:
        command = ["curl", "-sS", "--fail-with-body", "-u", f"{USER}:{PASSWORD}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout

    assert curl(f"{endpoint.url}?query=SELECT%201") == "1\n"
    assert curl(endpoint.url, "-d", "SELECT 1, 'a' FORMAT CSV") == '1,"a"\n'
    assert curl(f"{endpoint.url}?query=SELECT%20number%20FROM", "-d", "numbers(2)") == "0\n1\n"
    assert curl("--compressed", f"{endpoint.url}?query=SELECT%201&enable_http_compression=1") == "1\n"
    assert "Code: 60. DB::Exception: " in curl(endpoint.url, "-d", "SELECT * FROM nowhere")


async def test_a_get_may_only_read(http: ClientSession, table: str) -> None:
    async with http.get("/", params={"query": f"SELECT count() FROM {table}"}) as response:
        assert (response.status, await response.text()) == (200, "0\n")
    for readonly in ({}, {"readonly": "0"}):
        async with http.get("/", params={"query": f"INSERT INTO {table} VALUES (1, 'a')", **readonly}) as response:
            assert response.headers["X-ClickHouse-Exception-Code"] == "164"
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"0\n"


async def test_headers_tell_what_the_answer_is(http: ClientSession) -> None:
    reply = await ask(http, "SELECT number FROM numbers(10) FORMAT JSONEachRow", query_id="mine")
    assert reply.headers["X-ClickHouse-Query-Id"] == "mine"
    assert reply.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")
    assert reply.headers["X-ClickHouse-Timezone"] == "UTC"
    assert reply.headers["X-ClickHouse-Server-Display-Name"] == "headrace-local"
    assert json.loads(reply.headers["X-ClickHouse-Summary"])["read_rows"] == "10"
    assert [json.loads(line)["number"] for line in reply.body.splitlines()] == list(range(10))
    other = await ask(http, "SELECT now()", session_timezone="Asia/Tokyo")
    assert other.headers["X-ClickHouse-Timezone"] == "Asia/Tokyo"
    assert other.headers["X-ClickHouse-Query-Id"] != "mine"


async def test_a_value_cannot_become_a_header(http: ClientSession) -> None:
    for fields in ({"session_timezone": "UTC\r\nX-Evil: 1"}, {"query_id": "a\r\nX-Evil: 1"}):
        reply = await ask(http, "SELECT 1", **fields)
        assert reply.headers["X-ClickHouse-Exception-Code"] == "36"
        assert "X-Evil" not in reply.headers


async def test_an_order_has_no_format_and_tells_what_it_wrote(http: ClientSession, table: str) -> None:
    reply = await ask(http, f"INSERT INTO {table} FORMAT JSONEachRow\n" + '{"id":1}\n{"id":2}')
    assert "X-ClickHouse-Format" not in reply.headers
    assert json.loads(reply.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    for order in (f"INSERT INTO {table} SELECT 3, 'c'", f"INSERT INTO {table} VALUES (4, 'd')"):
        reply = await ask(http, order)
        assert "X-ClickHouse-Format" not in reply.headers
        assert json.loads(reply.headers["X-ClickHouse-Summary"])["written_rows"] == "1"
    assert (await ask(http, f"SELECT sum(id) FROM {table}")).body == b"10\n"


async def test_the_format_is_chosen_by_sql_url_or_header(http: ClientSession) -> None:
    header = {"X-ClickHouse-Format": "CSV"}
    assert (await ask(http, "SELECT 1 AS x, 'a'")).body == b"1\ta\n"
    assert (await ask(http, "SELECT 1, 'a'", header)).body == b'1,"a"\n'
    assert (await ask(http, "SELECT 1 AS x", header, default_format="JSONEachRow")).body == b'{"x":1}\n'
    assert (await ask(http, "SELECT 1 AS x FORMAT TSVWithNames", header)).body == b"x\n1\n"


async def test_arrow_and_parquet_are_read_by_pyarrow(http: ClientSession) -> None:
    query = "SELECT number AS n, toString(number) AS s FROM numbers(1000)"
    arrow = pa.ipc.open_file((await ask(http, query, default_format="Arrow")).body).read_all()
    parquet = pq.read_table(io.BytesIO((await ask(http, query + " FORMAT Parquet")).body))
    assert arrow.column("n").to_pylist() == parquet.column("n").to_pylist() == list(range(1000))
    assert parquet.column("s")[999].as_py() == "999"


async def test_rows_that_do_not_fit_the_table_name_the_row_and_insert_nothing(http: ClientSession, table: str) -> None:
    reply = await ask(http, f"INSERT INTO {table} FORMAT CSV\n1,a\nx,b\n")
    assert (reply.status, reply.headers["X-ClickHouse-Exception-Code"]) == (400, "27")
    assert reply.body.startswith(b"Code: 27. DB::Exception: Cannot parse input")
    assert b"(at row 2)" in reply.body
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"0\n"


async def test_an_upload_that_breaks_off_inserts_nothing(endpoint: Served, http: ClientSession, table: str) -> None:
    head = f"POST /?user={USER}&password={quote(PASSWORD)} HTTP/1.1\r\nHost: h\r\n"
    rows = f"INSERT INTO {table} FORMAT CSV\n1,a\n".encode()
    for upload in (
        b"Content-Length: 1000\r\n\r\n" + rows,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(rows) + rows,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(head.encode() + upload)
        writer.write_eof()
        assert b" 200 " not in await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"0\n"


async def test_long_parameters_may_come_as_a_form(http: ClientSession) -> None:
    long = "ü" * 200_000
    form = FormData(
        {"query": "SELECT length({s:String}) AS n FORMAT JSONEachRow", "param_s": long}, default_to_multipart=True
    )
    async with http.post("/", data=form, params={"max_threads": "1"}) as response:
        assert (response.status, await response.text()) == (200, '{"n":400000}\n')
    broken = await ask(http, b"no form at all", {"Content-Type": "multipart/form-data; boundary=x"})
    assert (broken.status, broken.headers["X-ClickHouse-Exception-Code"]) == (400, "36")


async def test_both_clients_of_clickhouse_connect_shake_hands(endpoint: Served, client: Client) -> None:
    async with await endpoint.async_client() as asynchronous:
        assert client.ping()
        assert await asynchronous.ping()
        assert client.server_version == asynchronous.server_version == "26.9.2.1"
        assert client.query("SELECT currentDatabase()").result_rows == [("headrace",)]
        assert (await asynchronous.query("SELECT currentDatabase()")).result_rows == [("headrace",)]


def test_commands_return_what_clickhouse_connect_promises(client: Client, table: str) -> None:
    assert client.command("SELECT 1") == 1
    assert client.command("SELECT 'a', 'b'") == ["a", "b"]
    assert client.command(f"SELECT id FROM {table}") == ""
    summary = client.command(f"INSERT INTO {table} VALUES (1, 'a'), (2, 'b')")
    assert isinstance(summary, QuerySummary)
    assert summary.written_rows == 2
    client.command("INSERT INTO {t:Identifier} FORMAT CSV", {"t": table.partition(".")[2]}, data="3,c")
    assert client.command(f"SELECT sum(id) FROM {table}") == 6
    assert client.raw_query(f"SELECT id FROM {table} ORDER BY id", fmt="CSV") == b"1\n2\n3\n"
    assert client.query_arrow(f"SELECT id FROM {table} ORDER BY id").column("id").to_pylist() == [1, 2, 3]
    with pytest.raises(DatabaseError) as raised:
        client.query("SELECT * FROM nowhere")
    assert (raised.value.code, raised.value.name) == (60, "UNKNOWN_TABLE")


def test_a_read_only_command_leaves_the_client_able_to_write(client: Client, table: str) -> None:
    assert client.command("SELECT 1", settings={"readonly": 1}) == 1
    client.command(f"INSERT INTO {table} VALUES (1, 'a')")
    client.insert(table, [[2, "b"]], column_names=["id", "name"])
    assert client.command(f"SELECT count() FROM {table}") == 2


def test_values_of_many_types_come_back_as_they_went(client: Client) -> None:
    columns = "j JSON, l LowCardinality(String), n Nullable(Int32), a Array(String), m Map(String, UInt8), u UUID"
    client.command(f"CREATE OR REPLACE TABLE types (id UInt8, d DateTime64(3, 'UTC'), {columns}) ENGINE = Memory")
    at = datetime(2026, 11, 21, 9, 30, 0, 123000, tzinfo=UTC)
    rest = ["low", None, ["it's", "tab\t", "ü"], {"k": 1}, uuid.UUID(int=7)]
    client.insert("types", [[1, at, {"a": {"b": [1, 2]}, "s": "x"}, *rest]])
    client.insert("types", [[2, at, '{"a":{"b":[3]}}', *rest]])
    rows = client.query("SELECT * FROM types ORDER BY id", query_tz="UTC").result_rows
    assert [row[2] for row in rows] == [{"a": {"b": [1, 2]}, "s": "x"}, {"a": {"b": [3]}}]
    assert [list(row[3:]) for row in rows] == [rest, rest]
    assert client.query("SELECT toUnixTimestamp64Milli(d) FROM types").result_columns == [[at.timestamp() * 1000] * 2]
    client.command("DROP TABLE types")


@pytest.mark.parametrize(
    "value", ["tab\t", "it's", '"', "back\\slash", "line\nbreak\r", "ü—𝄞", "", "\\N", "x" * 50_000]
)
def test_parameters_of_clickhouse_connect_come_back_as_they_went(client: Client, value: str) -> None:
    answer = client.query("SELECT {s:String}, {a:Array(String)}", parameters={"s": value, "a": [value, "-", value]})
    assert answer.result_rows == [(value, [value, "-", value])]


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_wide_rows_arrive_whole_however_they_are_compressed(endpoint: Served, compression: str | bool) -> None:
    client = endpoint.client(compress=compression)
    columns = [f"c{k}" for k in range(20)]
    client.command(f"CREATE OR REPLACE TABLE wide (id UInt64, {' String, '.join(columns)} String) ENGINE = Memory")
    ids = range(200_000)
    values = [f"a value that is {'rather ' * 4}long {n}" for n in range(1000)] * 200
    client.insert("wide", [ids, *([values] * 20)], column_names=["id", *columns], column_oriented=True)
    lengths = "+".join(f"length({column})" for column in columns)
    expected = (len(ids), sum(ids), 20 * sum(map(len, values)))
    assert client.query(f"SELECT count(), sum(id), sum({lengths}) FROM wide").result_rows == [expected]
    client.command("DROP TABLE wide")
    client.close()


async def test_the_async_client_inserts_columns_and_reads_blocks(endpoint: Served, table: str) -> None:
    async with await endpoint.async_client() as client:
        data: list[list[Any]] = [list(range(200_000)), [f"name {n}" for n in range(200_000)]]
        for _ in range(2):
            settings = {"insert_deduplication_token": "one batch", "async_insert": 0}
            done = await client.insert(table, data, ["id", "name"], column_oriented=True, settings=settings)
            assert done.written_rows == 200_000
        seen = 0
        async with await client.query_row_block_stream(f"SELECT * FROM {table}") as blocks:
            async for block in blocks:
                seen += sum(row[0] for row in block)
        assert seen == sum(range(200_000))


def test_a_batch_that_the_client_cannot_serialize_inserts_nothing(client: Client, table: str) -> None:
    names = [f"{n} {'x' * 200}" for n in range(200_000)]
    with pytest.raises(DataError, match="column `id`"):
        client.insert(table, [[*range(199_999), "no number"], names], ["id", "name"], column_oriented=True)
    assert client.command(f"SELECT count() FROM {table}") == 0
