"""`headrace sql` on a real query service and warehouse."""

import csv
import io
import json
from collections.abc import AsyncIterator

import pyarrow.parquet as pq
import pytest

from ingest_api.stream import Redis
from tests.clients.cli.asking import asking
from tests.clients.cli.conftest import Headrace
from tests.queries.sandbox.tenants import shop
from tests.queries.stored import store

pytestmark = pytest.mark.stack

NAMES = "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC, name"


@pytest.fixture
async def analyst(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Headrace]:
    """Somebody with a query key of a shop."""
    async with asking(redis, redis_url, clickhouse_url, headrace) as one:
        store(one.warehouse, *shop(one.id))
        yield headrace


async def test_a_table_is_for_people(analyst: Headrace) -> None:
    ended = await analyst("sql", NAMES)
    assert ended.code == 0, ended.err
    assert [line.split() for line in ended.out.splitlines()][:2] == [["name", "n"], ["page_view", "6"]]


async def test_json_is_one_document(analyst: Headrace) -> None:
    ended = await analyst("sql", NAMES, "--json")
    assert ended.document["data"][0] == {"name": "page_view", "n": 6}


async def test_other_formats_go_to_stdout_or_a_file(analyst: Headrace) -> None:
    ended = await analyst("sql", NAMES, "--format", "csv")
    assert list(csv.reader(io.StringIO(ended.out)))[:2] == [["name", "n"], ["page_view", "6"]]
    ended = await analyst("sql", NAMES, "--format", "ndjson", "--out", "names.ndjson")
    assert ended.code == 0, ended.err
    lines = (analyst.folder / "names.ndjson").read_text().splitlines()
    assert json.loads(lines[0]) == {"name": "page_view", "n": 6}
    ended = await analyst("sql", NAMES, "--format", "parquet", "--out", "names.parquet")
    assert pq.read_table(analyst.folder / "names.parquet").num_rows == 4
    ended = await analyst("sql", NAMES, "--format", "parquet", "--out", "names.parquet")
    assert (ended.code, "names.parquet cannot be written" in ended.err) == (2, True)


async def test_parameters_and_the_other_dialect_are_taken(analyst: Headrace) -> None:
    sql = "SELECT count() AS n FROM events WHERE name = {name:String}"
    ended = await analyst("sql", sql, "--parameter", "name=purchase", "--json")
    assert ended.document["data"] == [{"n": 1}]
    ended = await analyst("sql", "SELECT properties->>'price' AS p FROM events WHERE name = $1",
                          "--dialect", "postgres", "--parameter", "1=purchase", "--json")  # fmt: skip
    assert ended.document["data"] == [{"p": "10"}]
    ended = await analyst("sql", sql, "--parameter", "name")
    assert (ended.code, "write name=value" in ended.err) == (2, True)


async def test_what_is_wrong_with_a_statement_is_said(analyst: Headrace) -> None:
    ended = await analyst("sql", "SELECT * FROM system.tables")
    assert ended.code == 2
    assert "Line 1, column 22: A table has no database here: name the view alone." in ended.err
