"""Parameters: what psycopg writes is what is bound, and what is no value of its type is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import DatetimeBinaryDumper
from psycopg.types.numeric import DecimalBinaryDumper

from queries.psql import kinds
from queries.psql.decoding import decode
from queries.psql.encoding import encoder
from queries.psql.sqlstate import Failure

_UUID = "3dc04617-5687-47b1-bd24-00f3ebfbf4f6"


@pytest.mark.parametrize(
    ("name", "text", "bound"),
    [
        ("int4", b"-5", "-5"),
        ("bool", b"t", "true"),
        ("bool", b" OFF ", "false"),
        ("float8", b"1e3", "1000.0"),
        ("numeric", b"1.50", "1.50"),
        ("numeric", b"1e3", "1000"),
        ("uuid", _UUID.upper().encode(), _UUID),
        ("date", b"2026-01-02", "2026-01-02"),
        ("timestamptz", b"2026-01-02 03:04:05.678+01", "2026-01-02 02:04:05.678000"),
        ("timestamptz", b"2026-01-02T03:04:05Z", "2026-01-02 03:04:05.000000"),
        ("timestamptz", b"2026-01-02", "2026-01-02 00:00:00.000000"),
        ("text", "it's \\ é".encode(), "it's \\ é"),
        ("jsonb", b'{"a": 1}', '{"a": 1}'),
        ("_text", b'{a,"b,\\"c",NULL,"NULL",""}', ["a", 'b,"c', None, "NULL", ""]),
        ("_int4", b"{1,2}", ["1", "2"]),
        ("_text", b"{}", []),
    ],
)
def test_a_text_parameter_is_bound_in_one_way(name: str, text: bytes, bound: object) -> None:
    assert decode(kinds.BY_NAME[name], False, text) == bound


@pytest.mark.parametrize(
    ("name", "raw", "bound"),
    [
        ("int8", b"-9223372036854775808", str(-(2**63))),
        ("oid", b"4294967295", "4294967295"),
        ("bool", b"true", "true"),
        ("float8", b"0.1", "0.1"),
        ("uuid", f'"{_UUID}"'.encode(), _UUID),
        ("date", b'"1969-12-31"', "1969-12-31"),
        ("jsonb", b'{"a":1}', '{"a":1}'),
        ("_text", b'["a",null]', ["a", None]),
        ("_text", b"[]", []),
    ],
)
def test_what_an_answer_writes_a_parameter_reads(name: str, raw: bytes, bound: object) -> None:
    kind = kinds.BY_NAME[name]
    assert [decode(kind, binary, encoder(kind, binary)(raw)) for binary in (False, True)] == [bound, bound]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_every_decimal_of_psycopg_is_bound_exactly(value: Decimal) -> None:
    written = bytes(DecimalBinaryDumper(Decimal).dump(value) or b"")
    bound = decode(kinds.NUMERIC, True, written)
    assert isinstance(bound, str)
    assert Decimal(bound) == value


@given(st.datetimes(datetime(1901, 1, 1), datetime(2299, 1, 1)), st.integers(-12, 12))  # noqa: DTZ001  set below
def test_every_time_of_psycopg_is_bound_in_utc(value: datetime, hours: int) -> None:
    moment = value.replace(tzinfo=timezone(timedelta(hours=hours)))
    written = bytes(DatetimeBinaryDumper(datetime).dump(moment) or b"")
    wanted = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    assert decode(kinds.TIMESTAMPTZ, True, written) == wanted
    assert decode(kinds.TIMESTAMPTZ, False, str(moment).encode()) == wanted


@pytest.mark.parametrize(
    ("name", "binary", "value", "state"),
    [
        ("int4", False, b"x", "22P02"),
        ("int4", False, b"2147483648", "22003"),
        ("int4", True, b"\0", "22P03"),
        ("bool", False, b"maybe", "22P02"),
        ("bool", True, b"", "22P03"),
        ("uuid", True, b"short", "22P03"),
        ("date", False, b"2026-13-01", "22P02"),
        ("timestamptz", False, b"1066-10-14", "22003"),
        ("timestamptz", True, b"\x7f" + b"\xff" * 7, "22P03"),
        ("numeric", False, b"NaN", "22003"),
        ("numeric", False, b"1e400", "22003"),
        ("numeric", True, b"\xff\xff\0\0\0\0\0\0", "22P03"),
        ("text", False, b"\xff", "22P02"),
        ("text", False, b"a\0b", "22P02"),
        ("jsonb", True, b"\2{}", "22P03"),
        ("jsonb", False, b"{", "22P02"),
        ("_text", False, b"a", "22P02"),
        ("_text", False, b'{"a}', "22P02"),
        ("_text", False, b"{{a}}", "22P02"),
        ("_text", True, b"\0\0\0\1\0\0\0\0\0\0\0\x19\x7f\xff\xff\xff\0\0\0\1", "22P03"),
    ],
)
def test_what_is_no_value_of_its_type_is_refused(name: str, binary: bool, value: bytes, state: str) -> None:
    with pytest.raises(Failure) as failure:
        decode(kinds.BY_NAME[name], binary, value)
    assert failure.value.sqlstate == state


@given(st.sampled_from(kinds.ALL), st.booleans(), st.binary(max_size=60))
def test_any_bytes_are_bound_or_refused_and_nothing_else(kind: Any, binary: bool, value: bytes) -> None:
    try:
        bound = decode(kind, binary, value)
    except Failure:
        return
    assert isinstance(bound, str | list)


def test_dates_beyond_the_calendar_are_refused() -> None:
    assert (
        decode(kinds.BY_NAME["date"], True, (date(9999, 12, 31) - date(2000, 1, 1)).days.to_bytes(4, "big"))
        == "9999-12-31"
    )
    with pytest.raises(Failure):
        decode(kinds.BY_NAME["date"], True, b"\x7f\xff\xff\xff")
