"""The rows of the catalogs: the sandbox's views, under numbers that do not change."""

import sqlite3
from collections.abc import Iterator

import pytest

from queries.psql import kinds
from queries.psql.catalog import content
from queries.psql.catalog.tables import TABLES
from queries.sandbox.views import VIEWS


@pytest.fixture
def base() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(content.image())
    yield connection
    connection.close()


def test_every_view_is_a_table_with_its_columns(base: sqlite3.Connection) -> None:
    asked = """SELECT c.relname, a.attname, a.atttypid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 2200 ORDER BY c.oid, a.attnum"""
    wanted = [
        (view.name, column.name, content.kind_of(column.pg).oid) for view in VIEWS.values() for column in view.columns
    ]
    assert base.execute(asked).fetchall() == wanted
    listed = base.execute("SELECT table_name, column_name FROM [information_schema.columns]").fetchall()
    assert listed == [row[:2] for row in wanted]


def test_the_columns_of_the_document_come_first(base: sqlite3.Connection) -> None:
    asked = "SELECT column_name, data_type FROM [information_schema.columns] WHERE table_name = 'events' LIMIT 6"
    assert base.execute(asked).fetchall() == [
        ("id", "uuid"),
        ("event_name", "text"),
        ("hardal_server_request_id", "text"),
        ("client_id", "text"),
        ("properties", "jsonb"),
        ("created_at", "timestamp with time zone"),
    ]


def test_numbers_of_tables_are_their_own(base: sqlite3.Connection) -> None:
    oids = [row[0] for row in base.execute("SELECT oid FROM pg_class")]
    assert len(set(oids)) == len(oids) == len(VIEWS) + len(TABLES)
    assert content.view_oid("events") == 16_384
    assert content.view_oid("nothing") is None


def test_every_type_is_there_and_every_column_has_one(base: sqlite3.Connection) -> None:
    assert base.execute("SELECT count(*) FROM pg_type").fetchone() == (len(kinds.ALL),)
    lost = "SELECT count(*) FROM pg_attribute WHERE atttypid NOT IN (SELECT oid FROM pg_type)"
    assert base.execute(lost).fetchone() == (0,)


def test_tables_and_columns_say_what_they_are() -> None:
    events = VIEWS["events"]
    oid = content.view_oid("events")
    assert oid is not None
    assert [content.described(oid, 0), content.described(oid, 1)] == [events.meaning, events.columns[0].meaning]
    assert [content.described(oid, 999), content.described(1, 0)] == [None, None]
