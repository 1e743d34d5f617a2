"""COPY … TO STDOUT: what is asked for, and rows in PostgreSQL's formats."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.psql import copying, kinds
from queries.psql.answers import Column
from queries.psql.copying import Copy
from queries.psql.sqlstate import Failure
from queries.psql.statements import split

_COLUMNS = (Column("name", kinds.TEXT), Column("count", kinds.INT8), Column("at", kinds.TIMESTAMPTZ))


def read(text: str) -> Copy:
    return copying.read(split(text)[0])


@pytest.mark.parametrize(
    ("text", "statement", "is_csv", "header"),
    [
        (
            "COPY (SELECT ')' AS a FROM events GROUP BY 1) TO STDOUT",
            "SELECT ')' AS a FROM events GROUP BY 1",
            False,
            False,
        ),
        ("copy events to stdout", "SELECT * FROM events", False, False),
        ("COPY public.events TO STDOUT CSV HEADER", "SELECT * FROM public.events", True, True),
        ("COPY events (id) TO STDOUT", "SELECT * FROM events (id)", False, False),
        ("COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, HEADER true)", "SELECT 1", True, True),
        ("COPY (SELECT 1) TO STDOUT (FORMAT 'text', HEADER off)", "SELECT 1", False, False),
    ],
)
def test_what_is_copied_and_how(text: str, statement: str, is_csv: bool, header: bool) -> None:
    copy = read(text)
    assert (copy.statement.text, copy.csv, copy.header) == (statement, is_csv, header)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("COPY events FROM STDIN", "25006"),
        ("COPY events TO '/etc/passwd'", "0A000"),
        ("COPY events TO PROGRAM 'sh'", "0A000"),
        ("COPY (SELECT 1", "42601"),
        ("COPY (DELETE FROM events) TO STDOUT", "0A000"),
        ("COPY (SELECT 1; SELECT 2) TO STDOUT", "42601"),
        ("COPY (SELECT 1) TO STDOUT WITH (FORMAT binary)", "0A000"),
        ("COPY (SELECT 1) TO STDOUT WITH (DELIMITER ';')", "0A000"),
        ("COPY", "0A000"),
    ],
)
def test_nothing_else_is_copied(text: str, state: str) -> None:
    with pytest.raises(Failure) as failure:
        read(text)
    assert failure.value.sqlstate == state


def test_rows_in_text_escape_what_ends_them() -> None:
    header, row = copying.writer(Copy(split("SELECT 1")[0], header=True), _COLUMNS)
    assert header == b"name\tcount\tat\n"
    assert row(b'["a\\tb\\n\\\\", 3, "2026-01-02T03:04:05.500Z"]') == b"a\\tb\\n\\\\\t3\t2026-01-02 03:04:05.5+00\n"
    assert row(b'["", null, null]') == b"\t\\N\t\\N\n"


def test_rows_in_csv_tell_nothing_from_an_empty_text() -> None:
    header, row = copying.writer(Copy(split("SELECT 1")[0], csv=True), _COLUMNS)
    assert header == b""
    assert row(b'["", null, null]') == b'"",,\n'
    assert row(b'["a,\\"b\\"\\nc", 3, null]') == b'"a,""b""\nc",3,\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2, max_size=4))
def test_every_row_of_csv_is_read_back(values: list[str]) -> None:
    columns = [Column("x", kinds.TEXT)] * len(values)
    _, row = copying.writer(Copy(split("SELECT 1")[0], csv=True), columns)
    written = row(json.dumps(values).encode()).decode()
    assert next(csv.reader(io.StringIO(written, newline=""))) == values
