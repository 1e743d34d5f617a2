"""Outlines of query texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.clickhouse.exceptions import StatementError
from deploy.local.clickhouse.sql import outline


def rows(text: bytes) -> tuple[bytes, str | None, bytes | None]:
    found = outline(text)
    return found.sql, found.format, None if found.data is None else bytes(found.data)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"INSERT INTO t FORMAT ", "Native"),
        (b"insert into db.t (`a b`, c) format ", "JSONEachRow"),
        (b"INSERT INTO TABLE t SETTINGS async_insert=0, format_csv_delimiter=' FORMAT x' FORMAT ", "CSV"),
        (b"/* FORMAT TSV */ INSERT -- FORMAT\n INTO t(format, values) FORMAT ", "Values"),
        (b"INSERT INTO FUNCTION null('a Int8, format String') FORMAT ", "RowBinary"),
        (b"INSERT INTO format FORMAT ", "CSV"),
        (b"INSERT INTO values FORMAT ", "CSV"),
        (b"INSERT INTO `it\\`s FORMAT` FORMAT ", "CSV"),
        ("INSERT INTO `größe` FORMAT ".encode(), "CSV"),
    ],
)
def test_the_rows_of_an_insert_begin_after_its_format(head: bytes, name: str) -> None:
    data = b"\x00\n;'\"` FORMAT Native\xff"
    assert rows(head + name.encode() + b"\n" + data) == (head[: -len(b"FORMAT ")], name, data)
    assert outline(head + name.encode() + b"\n").inserts


@given(st.binary(max_size=50))
def test_rows_keep_every_byte_whatever_they_begin_with(data: bytes) -> None:
    assert rows(b"INSERT INTO t FORMAT Native\n" + data)[2] == data
    assert rows(b"INSERT INTO t FORMAT Native \t\r\n" + data)[2] == data


def test_rows_may_follow_the_format_at_once() -> None:
    assert rows(b'INSERT INTO t FORMAT JSONEachRow{"a":1}') == (b"INSERT INTO t ", "JSONEachRow", b'{"a":1}')
    assert rows(b"INSERT INTO t FORMAT Values (1)") == (b"INSERT INTO t ", "Values", b"(1)")


def test_rows_are_not_read_to_find_them() -> None:
    assert rows(b"INSERT INTO t FORMAT Native\n/* '" + bytes(1000))[2] == b"/* '" + bytes(1000)


@pytest.mark.parametrize(
    ("text", "inserts"),
    [
        (b"INSERT INTO t VALUES (1, ';'), (2, ' FORMAT CSV')", True),
        (b"INSERT INTO values VALUES (1)", True),
        (b"INSERT INTO t SELECT 1", False),
        (b"INSERT INTO t (a) WITH 1 AS x SELECT x", False),
        (b"INSERT INTO t SELECT a FROM s FORMAT Native", False),
    ],
)
def test_other_inserts_are_left_whole(text: bytes, inserts: bool) -> None:
    found = outline(text)
    assert (found.sql, found.data, found.inserts, found.answers) == (text, None, inserts, False)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"SELECT 1 FORMAT JSON", "JSON"),
        (b"(SELECT 1) format Arrow ;", "Arrow"),
        (b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1 -- end", "CSV"),
        (b"SELECT 1 AS format", None),
        (b"SELECT t.format f FROM t", None),
        (b"SELECT ' FORMAT JSON'", None),
        (b"SELECT $$ FORMAT JSON $$", None),
        (b"SELECT $a$ FORMAT JSON $a$", None),
        (b"SELECT (SELECT format JSON)", None),
    ],
)
def test_the_format_of_a_question_is_the_one_at_its_end(text: bytes, name: str | None) -> None:
    assert outline(text).format == name


@pytest.mark.parametrize("text", [b"SELECT 1", b"with 1 as x select x", b"SHOW TABLES", b"(SELECT 1)", b"DESC t"])
def test_questions_answer(text: bytes) -> None:
    assert outline(text).answers


@pytest.mark.parametrize("text", [b"CREATE TABLE t (a Int8) ENGINE = Memory", b"OPTIMIZE TABLE t", b"SET a = 1"])
def test_orders_do_not_answer(text: bytes) -> None:
    assert not outline(text).answers


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", 62),
        (b" -- nothing\n/* at all */", 62),
        (b"SELECT 1; SELECT 2", 62),
        (b"SELECT 1; DROP TABLE t;", 62),
        (b"SELECT 1 INTO OUTFILE '/tmp/x'", 358),
        (b"SELECT 1 into /**/ outfile '/tmp/x' FORMAT CSV", 358),
        (b"INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78),
    ],
)
def test_what_clickhouse_refuses_over_http_is_refused(text: bytes, code: int) -> None:
    with pytest.raises(StatementError) as raised:
        outline(text)
    assert raised.value.code == code


@pytest.mark.parametrize("text", [b"SELECT ';' ;", b"SELECT 1;;", b"SELECT 1 -- ; x", b"SELECT * FROM infile"])
def test_what_only_looks_like_it_is_let_through(text: bytes) -> None:
    assert outline(text).sql == text
