"""The catalogs' columns, each with a type that is known."""

import pytest

from queries.psql import kinds
from queries.psql.catalog.tables import COLUMNS, TABLES


def test_every_column_has_a_type_that_is_known() -> None:
    unknown = {kind for columns in TABLES.values() for kind in columns.values() if kinds.named(kind) is None}
    assert unknown == set()


def test_a_column_means_the_same_wherever_it_stands_but_for_texts() -> None:
    differing = {
        name: {columns[name] for columns in TABLES.values() if name in columns}
        for name in COLUMNS
        if len({columns[name] for columns in TABLES.values() if name in columns} - {"text", "name"}) > 1
    }
    assert differing == {}


@pytest.mark.parametrize(
    "table", ["pg_class", "pg_attribute", "information_schema.columns", "information_schema.tables"]
)
def test_what_every_client_reads_is_there(table: str) -> None:
    assert len(TABLES[table]) > 5
