"""PostgreSQL's functions as the catalog has them."""

import json

import pytest

from queries.psql.catalog import functions
from queries.psql.catalog.functions import Value


@pytest.mark.parametrize(
    ("subject", "pattern", "wanted"),
    [
        ("events", "^(events)$", 1),
        ("pg_class", "^pg_", 1),
        ("public", "^information_schema|catalog_history|pg_", 0),
        ("Events", "^ev.*$", 0),
        (None, "x", None),
    ],
)
def test_patterns_match_as_in_postgresql(subject: Value, pattern: Value, wanted: int | None) -> None:
    assert functions.matches(subject, pattern) == wanted
    assert functions.matches("EVENTS", "^ev", 1) == 1


@pytest.mark.parametrize(
    ("subject", "pattern"), [("a" * 30, "(a+)+b"), ("a" * 300, "a"), ("a", ".*.*.*.*x"), ("a", "a" * 201)]
)
def test_patterns_that_could_take_for_ever_are_refused(subject: str, pattern: str) -> None:
    with pytest.raises(ValueError, match="too intricate"):
        functions.matches(subject, pattern)


def test_names_and_numbers_of_tables_and_types_are_turned_into_each_other() -> None:
    for name in ("events", "public.events", '"events"'):
        assert functions.regclass_name(functions.regclass(name)) == "events"
    assert functions.regclass("pg_catalog.pg_class") == functions.regclass("pg_class") == 1259
    assert functions.regclass_name(functions.regclass("information_schema.tables")) == "information_schema.tables"
    assert [functions.regclass("nothing"), functions.regclass_name(0), functions.regclass_name(5)] == [None, "-", "5"]
    assert functions.format_type(functions.regtype("int4")) == "integer"
    assert [functions.regtype("hstore"), functions.format_type(0), functions.format_type(9)] == [None, "-", "???"]
    assert functions.regnamespace_name(functions.regnamespace("public")) == "public"


def test_identifiers_and_texts_are_quoted() -> None:
    assert [functions.quote_ident(name) for name in ("events", "Order", 'a"b', "user", None)] == [
        "events",
        '"Order"',
        '"a""b"',
        '"user"',
        None,
    ]
    assert functions.quote_literal("it's") == "'it''s'"
    assert functions.text_format("%I.%s %L %%", "A", "b", "c'd") == "\"A\".b 'c''d' %"


def test_arrays_are_taken_apart_and_put_together() -> None:
    array = functions.string_to_array('"$user", public', ",")
    assert json.loads(str(array)) == ['"$user"', " public"]
    assert [functions.item(array, number) for number in (0, 2, 3)] == [None, " public", None]
    assert functions.array_to_string(json.dumps(["a", None, "b"]), "-") == "a-b"
    assert functions.array_to_string(json.dumps(["a", None]), "-", "*") == "a-*"
    assert (functions.length(array), functions.length("[]"), functions.length(None)) == (2, None, None)
    assert functions.subscripts(array) == "[1, 2]"


def test_series_are_short() -> None:
    assert json.loads(functions.series(1, 3)) == [1, 2, 3]
    assert json.loads(functions.series(3, 1, -1)) == [3, 2, 1]
    assert len(json.loads(functions.series(1, 100_000))) == 1000
    assert functions.series(1, 10**12) == functions.series(None, 1) == "[]"


def test_names_of_results_are_functions_that_there_are() -> None:
    assert {name for name in functions.RESULTS if not name.startswith("_")} <= functions.NAMES
