"""Values of answers in PostgreSQL's formats: what is written is what psycopg reads back."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import Transformer
from psycopg.pq import Format

from queries.psql import kinds
from queries.psql.encoding import encoder, sized, string
from queries.psql.sqlstate import Failure

_BOTH = (Format.TEXT, Format.BINARY)


def read(name: str, raw: bytes, form: Format) -> Any:
    """What psycopg makes of a value."""
    kind = kinds.BY_NAME[name]
    written = encoder(kind, binary=form is Format.BINARY)(raw)
    return Transformer().get_loader(kind.oid, form).load(written)


def same(name: str, raw: bytes, wanted: object) -> None:
    assert [read(name, raw, form) for form in _BOTH] == [wanted, wanted]


@pytest.mark.parametrize(
    ("name", "raw", "wanted"),
    [
        ("bool", b"true", True),
        ("bool", b"0", False),
        ("int2", b"-32768", -32768),
        ("int8", b"9223372036854775807", 2**63 - 1),
        ("oid", b"4294967295", 2**32 - 1),
        ("float8", b"0.1", 0.1),
        ("float8", b'"-inf"', float("-inf")),
        ("uuid", b'"3dc04617-5687-47b1-bd24-00f3ebfbf4f6"', UUID("3dc04617-5687-47b1-bd24-00f3ebfbf4f6")),
        ("date", b'"1969-12-31"', date(1969, 12, 31)),
        ("timestamptz", b'"2026-01-02T03:04:05.678Z"', datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)),
        ("timestamptz", b'"1969-12-31T23:59:59Z"', datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("timestamp", b'"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5)),  # noqa: DTZ001  of this type there is none
        ("jsonb", b'{"a":[1,null]}', {"a": [1, None]}),
        ("_text", b"[]", []),
        ("_text", b'["","NULL",null,"a,b","\\"q\\" \\\\"," x"]', ["", "NULL", None, "a,b", '"q" \\', " x"]),
        ("_int8", b"[1,-2]", [1, -2]),
    ],
)
def test_a_value_is_read_back_from_both_formats(name: str, raw: bytes, wanted: object) -> None:
    same(name, raw, wanted)


@given(st.text())
def test_every_text_is_read_back_but_for_zeros(value: str) -> None:
    clean = value.encode(errors="replace").decode().replace("\0", "")
    for raw in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        sent = raw.encode(errors="replace")
        if b"\\ud" not in sent:  # half a character, which the engine cannot send
            same("text", sent, clean)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30))
def test_every_decimal_is_read_back_with_its_places(value: Decimal) -> None:
    for raw in (f'"{value:f}"', f"{value:f}"):
        for form in _BOTH:
            found = read("numeric", raw.encode(), form)
            assert (found, f"{found:f}") == (value, f"{value:f}") or value == 0


@given(st.datetimes(datetime(1900, 1, 1), datetime(2299, 12, 31)))  # noqa: DTZ001  the zone is set below
def test_every_time_is_read_back(value: datetime) -> None:
    moment = value.replace(tzinfo=UTC)
    same("timestamptz", json.dumps(moment.isoformat().replace("+00:00", "Z")).encode(), moment)


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))))
def test_every_array_of_texts_is_read_back(values: list[str | None]) -> None:
    same("_text", json.dumps(values).encode(), values)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_number_is_read_back(value: int) -> None:
    same("int8", str(value).encode(), value)


@pytest.mark.parametrize(("name", "raw"), [("int8", b"18446744073709551615"), ("int2", b"32768"), ("oid", b"-1")])
def test_what_a_type_cannot_hold_is_an_error_and_no_other_number(name: str, raw: bytes) -> None:
    for binary in (False, True):
        with pytest.raises(Failure, match="out of range") as failure:
            encoder(kinds.BY_NAME[name], binary)(raw)
        assert failure.value.sqlstate == "22003"


def test_fractions_of_seconds_end_without_zeros_as_in_postgresql() -> None:
    write = encoder(kinds.TIMESTAMPTZ, binary=False)
    assert write(b'"2026-01-02T03:04:05.250Z"') == b"2026-01-02 03:04:05.25+00"
    assert write(b'"2026-01-02T03:04:10.000Z"') == b"2026-01-02 03:04:10+00"


def test_vectors_are_written_with_blanks_between() -> None:
    assert encoder(kinds.BY_NAME["int2vector"], binary=False)(b"[1,2]") == b"1 2"


def test_a_value_that_is_no_text_is_shown_as_it_is_written() -> None:
    assert [string(raw) for raw in (b"12", b'{"a":1}', b'"x"', b'"\\u00e9"')] == ["12", '{"a":1}', "x", "é"]


def test_a_length_stands_before_each_value() -> None:
    assert (sized(None), sized(b""), sized(b"ab")) == (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\2ab")


def test_psycopg_is_the_reader() -> None:
    assert psycopg.adapters.types["jsonb"].oid == kinds.JSONB.oid
