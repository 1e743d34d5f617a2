"""The types of $1, $2 … by where they stand and by their values."""

import datetime
import uuid

import pytest

from queries.sandbox.compile import compile as checked


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT $1::int", "Nullable(Int32)"),
        ("SELECT 1 FROM events WHERE id = $1", "Nullable(UUID)"),
        ("SELECT 1 FROM events WHERE $1 < created_at", "Nullable(DateTime64(3, 'UTC'))"),
        ("SELECT 1 FROM events WHERE name IN ($1)", "Nullable(String)"),
        ("SELECT 1 FROM events WHERE asn = ANY($1)", "Array(UInt32)"),
        ("SELECT 1 FROM events WHERE asn BETWEEN $1 AND 5", "Nullable(UInt32)"),
        ("SELECT 1 LIMIT $1", "UInt64"),
        ("SELECT 1 OFFSET $1", "UInt64"),
        ("SELECT $1", "Nullable(String)"),
        ("SELECT $1, $1::date", "Nullable(Date)"),
    ],
)
def test_the_place_decides(sql: str, kind: str) -> None:
    assert [one.type for one in checked(sql, "postgres").wanted] == [kind]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "Nullable(Int64)"),
        (True, "Nullable(Bool)"),
        (1.5, "Nullable(Float64)"),
        (uuid.UUID(int=1), "Nullable(UUID)"),
        (datetime.date(2026, 11, 20), "Nullable(Date)"),
        ("x", "Nullable(String)"),
        (None, "Nullable(String)"),
        ([1, None], "Array(Nullable(Int64))"),
    ],
)
def test_else_the_value_does(value: object, kind: str) -> None:
    assert [one.type for one in checked("SELECT $1", "postgres", {"1": value}).wanted] == [kind]
