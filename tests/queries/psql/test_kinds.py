"""Which of PostgreSQL's types is meant by a name, and which one a ClickHouse type is shown as."""

import pytest

from queries.psql import kinds
from queries.sandbox.views import VIEWS


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("int4", "int4"),
        ("INTEGER", "int4"),
        ("pg_catalog.int2", "int2"),
        ("timestamp with time zone", "timestamptz"),
        ("numeric(10, 2)", "numeric"),
        ("character varying(60)", "varchar"),
        ("text[]", "_text"),
        ('"char"', "char"),
        ("_uuid", "_uuid"),
    ],
)
def test_a_type_is_known_by_every_name_that_statements_use(written: str, name: str) -> None:
    found = kinds.named(written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("written", ["", "geometry", "regclass", "text[][]"])
def test_other_types_are_not_known(written: str) -> None:
    assert kinds.named(written) is None


@pytest.mark.parametrize(
    ("clickhouse", "name"),
    [
        ("UInt64", "int8"),
        ("Nullable(UInt8)", "int2"),
        ("LowCardinality(Nullable(String))", "text"),
        ("DateTime64(3, 'UTC')", "timestamptz"),
        ("SimpleAggregateFunction(min, DateTime64(3, 'UTC'))", "timestamptz"),
        ("Decimal(18, 4)", "numeric"),
        ("Int128", "numeric"),
        ("Array(LowCardinality(String))", "_text"),
        ("Array(Array(String))", "jsonb"),
        ("JSON(max_dynamic_paths=8)", "jsonb"),
        ("Tuple(a UInt8, b String)", "jsonb"),
        ("Enum8('a' = 1)", "text"),
        ("Nullable(Nothing)", "text"),
    ],
)
def test_what_a_clickhouse_type_is_shown_as(clickhouse: str, name: str) -> None:
    assert kinds.of_clickhouse(clickhouse).name == name


def test_the_catalog_promises_the_types_that_answers_have() -> None:
    """Counts are shown as bigint, whatever the engine keeps them in."""
    promised = {
        (column.type, kinds.named(column.pg))
        for view in VIEWS.values()
        for column in view.columns
        if column.pg != "bigint"
    }
    assert [(type_, kind) for type_, kind in promised if kinds.of_clickhouse(type_) != kind] == []


def test_every_array_has_its_element_and_every_element_its_array() -> None:
    for kind in kinds.ALL:
        if kind.array:
            array = kinds.BY_OID[kind.array]
            assert (array.name, array.element) == (f"_{kind.name}", kind)
    assert len(kinds.BY_OID) == len(kinds.BY_NAME) == len(kinds.ALL)
