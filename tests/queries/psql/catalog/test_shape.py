"""Names and types of columns, as far as a question to the catalog tells them."""

import pytest
from sqlglot import exp

from queries.psql.catalog import shape
from queries.psql.statements import split


def columns(text: str) -> list[tuple[str, str | None]]:
    tree = split(text)[0].tree
    assert isinstance(tree, exp.Query)
    kinds = [shape.kind(one) for one in tree.selects]
    return [(shape.title(one), kind.name if kind else None) for one, kind in zip(tree.selects, kinds, strict=True)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            'SELECT c.oid, relname, c.relkind AS "Kind", oid AS Big FROM pg_class c',
            ["oid oid", "relname name", "Kind char", "big oid"],
        ),
        (
            "SELECT version(), current_user, current_schema()",
            ["version text", "current_user name", "current_schema name"],
        ),
        ("SELECT pg_catalog.format_type(1, 2), pg_is_in_recovery()", ["format_type text", "pg_is_in_recovery bool"]),
        ("SELECT a::int, 'x'::text, 1 = 2, NOT a", ["a int4", "text text", "?column? bool", "?column? bool"]),
        ("SELECT CASE WHEN a THEN relname ELSE 'x' END, count(*)", ["case name", "count int8"]),
        ("SELECT (SELECT collname FROM pg_collation), coalesce(attnum, 0)", ["?column? name", "coalesce int2"]),
        ("SELECT c.oid::regclass, row_number() OVER (ORDER BY oid)", ["oid text", "?column? int8"]),
        ("SELECT array_agg(relname), 1, NULL", ["array_agg _text", "?column? None", "?column? None"]),
    ],
)
def test_names_and_types(text: str, wanted: list[str]) -> None:
    assert [f"{name} {kind}" for name, kind in columns(text)] == wanted


def test_names_that_nobody_knows_have_no_type() -> None:
    assert shape.known("nothing") is None
