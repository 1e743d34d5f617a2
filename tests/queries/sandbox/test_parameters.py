"""A statement's own parameters and their values."""

import datetime

import pytest

from queries.sandbox.compile import compile as checked
from queries.sandbox.errors import Unfit


@pytest.mark.parametrize(
    ("sql", "values", "said"),
    [
        ("SELECT {a:String}", {}, "The parameter a has no value"),
        ("SELECT 1", {"a": 1}, "The statement has no parameter 'a'"),
        ("SELECT {a:String}, {a:UInt8}", {"a": 1}, "has two types"),
        ("SELECT {a:String}", {"a": {}}, "is no text"),
        ("SELECT {a:String}", {"a": "\ud800"}, "half a character"),
        ("SELECT " + ", ".join(f"{{a{n}:UInt8}}" for n in range(101)), {}, "more than 100"),
    ],
)
def test_what_does_not_fit_is_refused(sql: str, values: dict[str, object], said: str) -> None:
    with pytest.raises(Unfit) as unfit:
        checked(sql, parameters=values)
    assert (unfit.value.kind, said in unfit.value.message) == ("parameter", True)


@pytest.mark.parametrize(
    ("kind", "value", "bound"),
    [
        ("DateTime64(3)", "2026-11-20T12:30:00+02:00", "2026-11-20 10:30:00.000000"),
        ("DateTime64(6)", datetime.datetime(2026, 11, 20, 1, 2, 3, 4, datetime.UTC), "2026-11-20 01:02:03.000004"),
        ("DateTime", "2026-11-20T12:30:00Z", "2026-11-20 12:30:00"),
        ("DateTime", "tomorrow", "tomorrow"),
        ("String", "2026-11-20T12:30:00Z", "2026-11-20T12:30:00Z"),
        ("Array(Nullable(Int64))", [1, None], [1, None]),
    ],
)
def test_times_are_bound_in_utc_and_all_else_as_it_is(kind: str, value: object, bound: object) -> None:
    assert checked(f"SELECT {{a:{kind}}}", parameters={"a": value}).parameters == {"own_a": bound}
