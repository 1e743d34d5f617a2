"""psql, psycopg, asyncpg, SQLAlchemy and pandas, unmodified, against a service with the real engine."""

import asyncio
import datetime
import decimal
import shutil
import uuid
from collections.abc import Callable
from datetime import UTC
from typing import Any

import asyncpg
import pandas as pd
import psycopg
import pytest
import sqlalchemy as sa

from tests.queries.psql.conftest import NOON, Psql

pytestmark = pytest.mark.stack

needs_psql = pytest.mark.skipif(
    shutil.which("psql") is None, reason="psql is not installed: apt-get install postgresql-client"
)


async def psql_says(psql: Psql, *commands: str) -> tuple[int, str]:
    """Exit code and all that psql prints, unaligned."""
    asked = [part for command in commands for part in ("-c", command)]
    process = await asyncio.create_subprocess_exec(
        *("psql", psql.url, "-X", "-w", "-A", "-v", "ON_ERROR_STOP=1", *asked),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@needs_psql
async def test_psql_lists_tables_and_describes_them(psql: Psql) -> None:
    code, said = await psql_says(psql, r"\d", r"\dt")
    assert (code, said.count("public|events|table|headrace")) == (0, 2)
    code, said = await psql_says(psql, r"\d events")
    assert code == 0
    for line in ("id|uuid|||", "properties|jsonb|||", "created_at|timestamp with time zone|||", "violations|text[]|||"):
        assert line in said


@needs_psql
@pytest.mark.parametrize(
    "command",
    [r"\l", r"\dn", r"\df", r"\du", r"\dv", r"\di", r"\dT", r"\db", r"\dx", r"\d+ events", r"\dp", r"\conninfo"],
)
async def test_psqls_other_listings_are_answered(psql: Psql, command: str) -> None:
    code, said = await psql_says(psql, command)
    assert (code, "ERROR" in said) == (0, False), said


@needs_psql
async def test_psql_asks_in_sql(psql: Psql) -> None:
    text = "SELECT event_name, created_at, properties->>'plan' AS plan FROM events ORDER BY created_at"
    code, said = await psql_says(psql, text)
    assert (code, said) == (
        0,
        "event_name|created_at|plan\n"
        "signup|2026-03-01 12:00:00.25+00|\n"
        'page_view|2026-03-01 12:00:01.25+00|pro "x" é\n'
        "page_view|2026-03-01 12:00:02.25+00|\n"
        "(3 rows)\n",
    )
    assert await psql_says(psql, "SELECT 1; SELECT 2") == (0, "?column?\n1\n(1 row)\n?column?\n2\n(1 row)\n")


@needs_psql
async def test_psql_is_told_what_is_wrong(psql: Psql) -> None:
    for text, told in (
        ("INSERT INTO events VALUES (1)", "cannot execute INSERT in a read-only transaction"),
        ("SELECT nope FROM events", "nope"),
        ("SELECT * FROM system.tables", "name the view alone"),
        ("SELECT * FROM url('http://127.0.0.1/')", "ERROR"),
    ):
        code, said = await psql_says(psql, text)
        assert code == 1
        assert told in said


@needs_psql
async def test_psql_copies_to_csv(psql: Psql) -> None:
    code, said = await psql_says(
        psql, r"\copy (SELECT event_name, path FROM events ORDER BY created_at LIMIT 2) TO STDOUT CSV HEADER"
    )
    assert (code, said) == (0, "event_name,path\nsignup,/a\npage_view,/a\n")


@pytest.mark.parametrize("binary", [False, True])
async def test_psycopg_reads_every_type_in_both_formats(psql: Psql, binary: bool) -> None:
    async with await psql.connect() as connection:
        cursor = connection.cursor(binary=binary)
        await cursor.execute(
            "SELECT id, event_name, created_at, properties, violations, is_page_view, asn FROM events "
            "ORDER BY created_at OFFSET 1 LIMIT 1"
        )
        (row,) = await cursor.fetchall()
        assert isinstance(row[0], uuid.UUID)
        rich = {"price": 12.5, "count": 3, "paid": True, "plan": 'pro "x" é', "tags": ["a", "b"], "at": {"depth": 2}}
        assert row[1:] == ("page_view", NOON + datetime.timedelta(seconds=1), rich, [], True, 0)
        await cursor.execute(
            "SELECT 1::smallint, 2::int, 3::bigint, 0.5::real, 0.1::float8, 1.50::numeric(10, 2), NULL, 'x'::text, "
            "'2026-01-02'::date"
        )
        wanted = (1, 2, 3, 0.5, 0.1, decimal.Decimal("1.50"), None, "x", datetime.date(2026, 1, 2))
        assert await cursor.fetchone() == wanted


async def test_psycopg_binds_parameters_of_every_type(psql: Psql) -> None:
    one = uuid.uuid4()
    values = (5, "x'\\y", decimal.Decimal("1.5"), True, datetime.date(2026, 1, 2), one, ["a", "b'"], None)
    async with await psql.connect() as connection:
        for placeholder in ("%s", "%b", "%t"):
            text = "SELECT %s::int + 1, %s::text, %s::numeric, %s::bool, %s::date, %s::uuid, %s::text[], %s::text"
            cursor = await connection.execute(text.replace("%s", placeholder), values)
            assert await cursor.fetchone() == (6, "x'\\y", 1.5, True, datetime.date(2026, 1, 2), one, ["a", "b'"], None)


@pytest.mark.parametrize(
    ("condition", "values", "count"),
    [
        ("created_at > %s", ("2026-03-01 12:00:01+00",), 2),
        ("created_at > %s", (NOON,), 2),
        ("created_at >= %s AND created_at < %s", (NOON, NOON.replace(second=1)), 1),
        ("event_name = %s", ("signup' OR '1'='1",), 0),
        ("event_name = ANY(%s)", (["signup", "page_view"],), 3),
        ("event_name IN (%s, %s)", ("signup", "x"), 1),
        ("properties->>'plan' = %s", ('pro "x" é',), 1),
        ("(properties->>'count')::int = %s", (3,), 1),
        ("is_page_view = %s", (True,), 2),
    ],
)
async def test_psycopg_binds_where_columns_are_compared(
    psql: Psql, condition: str, values: tuple[Any, ...], count: int
) -> None:
    async with await psql.connect() as connection:
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            await cursor.execute(f"SELECT count(*) FROM events WHERE {condition}".encode(), values)
            assert await cursor.fetchone() == (count,)


async def test_what_is_no_number_is_nothing_and_times_are_in_utc(psql: Psql) -> None:
    async with await psql.connect(options="-c TimeZone=Europe/Berlin") as connection:
        cursor = await connection.execute("SELECT 1 / 0, -1.0 / 0, created_at::text IS NOT NULL FROM events LIMIT 1")
        assert await cursor.fetchone() == (None, None, True)
        assert str(connection.info.timezone) == "UTC"


async def test_psycopg_prepares_and_uses_transactions(psql: Psql) -> None:
    async with await psql.connect(autocommit=False) as connection:
        for _ in range(8):  # from the sixth on it is prepared
            cursor = await connection.execute("SELECT count(*) FROM events WHERE path = %s", ("/a",))
            assert await cursor.fetchone() == (3,)
        await connection.commit()
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await connection.execute("SELECT nope FROM events")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("SELECT 1")
        await connection.rollback()
        async with connection.transaction():
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                async with connection.transaction():
                    await connection.execute("DELETE FROM events")
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_psycopg_fetches_in_parts_by_a_cursor_of_the_server(psql: Psql) -> None:
    async with await psql.connect(autocommit=False) as connection, connection.cursor(name="mine") as cursor:
        await cursor.execute("SELECT event_name FROM events ORDER BY created_at")
        assert await cursor.fetchmany(2) == [("signup",), ("page_view",)]
        assert await cursor.fetchall() == [("page_view",)]
        assert await cursor.fetchone() is None


async def test_psycopg_streams_pipelines_and_copies(psql: Psql) -> None:
    async with await psql.connect() as connection:
        streamed = [
            row async for row in connection.cursor().stream("SELECT event_name FROM events ORDER BY created_at")
        ]
        assert streamed == [("signup",), ("page_view",), ("page_view",)]
    async with await psql.connect() as connection:
        async with connection.pipeline():
            cursors = [await connection.execute("SELECT %s::int", (number,)) for number in range(5)]
        assert [await one.fetchone() for one in cursors] == [(number,) for number in range(5)]
        async with connection.cursor().copy(
            "COPY (SELECT event_name, user_id FROM events ORDER BY created_at) TO STDOUT"
        ) as copy:
            assert [row async for row in copy.rows()] == [("signup", "u1"), ("page_view", ""), ("page_view", "")]


async def test_asyncpg_asks_in_binary(psql: Psql) -> None:
    connection = await asyncpg.connect(psql.url)
    try:
        columns = "event_name, created_at, properties, violations"
        text = f"SELECT {columns} FROM events WHERE created_at > $1 AND event_name = $2 LIMIT $3"
        (row,) = await connection.fetch(text, datetime.datetime(2026, 1, 1, tzinfo=UTC), "signup", 5)
        assert tuple(row) == ("signup", NOON, "{}", [])
        assert await connection.fetchval("SELECT $1::int + 1", 4) == 5
        assert await connection.fetchval("SELECT count(*) FROM events WHERE event_name = ANY($1)", ["signup"]) == 1
        async with connection.transaction():
            cursor = await connection.cursor("SELECT event_name FROM events ORDER BY created_at")
            assert [row[0] for row in await cursor.fetch(2)] == ["signup", "page_view"]
            assert [row[0] for row in await cursor.fetch(2)] == ["page_view"]
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("TRUNCATE events")
    finally:
        await connection.close()


async def test_asyncpg_keeps_a_pool(psql: Psql) -> None:
    async with asyncpg.create_pool(psql.url, min_size=1, max_size=2) as pool:
        for _ in range(3):
            async with pool.acquire() as connection:
                assert await connection.fetchval("SELECT count(*) FROM events") == 3


async def with_engine(psql: Psql, work: Callable[[sa.Engine], Any]) -> Any:
    """SQLAlchemy's engine waits: it works in a thread of its own."""

    def run() -> Any:
        engine = sa.create_engine(psql.sqlalchemy(), pool_pre_ping=True)
        try:
            return work(engine)
        finally:
            engine.dispose()

    return await asyncio.to_thread(run)


async def test_sqlalchemy_reflects(psql: Psql) -> None:
    def work(engine: sa.Engine) -> None:
        inspector = sa.inspect(engine)
        assert set(inspector.get_table_names()) == {"events", "sessions", "users", "rejected_events"}
        assert inspector.get_view_names() == []
        assert (inspector.has_table("events"), inspector.has_table("nope")) == (True, False)
        columns = {one["name"]: str(one["type"]) for one in inspector.get_columns("events")}
        assert columns["id"] == "UUID"
        assert columns["properties"] == "JSONB"
        assert columns["created_at"] == "TIMESTAMP"
        assert columns["violations"] == "ARRAY"
        for get in (inspector.get_foreign_keys, inspector.get_indexes, inspector.get_unique_constraints):
            assert get("events") == []
        assert inspector.get_pk_constraint("events")["constrained_columns"] == []

    await with_engine(psql, work)


async def test_sqlalchemy_selects_by_reflected_columns(psql: Psql) -> None:
    def work(engine: sa.Engine) -> None:
        events = sa.Table("events", sa.MetaData(), autoload_with=engine)
        name = events.c.event_name
        with engine.connect() as connection:
            counted = (
                sa.select(name, sa.func.count()).where(name.in_(["signup", "page_view"])).group_by(name).order_by(name)
            )
            assert connection.execute(counted).all() == [("page_view", 2), ("signup", 1)]
            plan = events.c.properties["plan"].astext
            found = sa.select(plan).where(events.c.created_at > NOON).where(plan.is_not(None)).limit(2)
            assert connection.execute(found).scalars().all() == ['pro "x" é']

    await with_engine(psql, work)


async def test_pandas_reads_frames(psql: Psql) -> None:
    def work(engine: sa.Engine) -> None:
        text = "SELECT event_name, created_at, (properties->>'price')::float8 AS price FROM events ORDER BY created_at"
        frame = pd.read_sql(text, engine)
        assert frame["event_name"].tolist() == ["signup", "page_view", "page_view"]
        assert frame["created_at"].iloc[0] == pd.Timestamp(NOON)
        assert frame["price"].sum() == 12.5
        assert pd.read_sql_table("users", engine)["user_id"].tolist() == ["u1"]
        with engine.connect().execution_options(stream_results=True) as connection:
            parts = list(pd.read_sql_query("SELECT id FROM events", connection, chunksize=2))
            assert [len(part) for part in parts] == [2, 1]

    await with_engine(psql, work)
