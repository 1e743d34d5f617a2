"""PostgreSQL's questions to the catalog in SQLite's words."""

import pytest

from queries.psql.catalog.rewrite import rewrite
from queries.psql.statements import split


def turned(text: str) -> str:
    return rewrite(split(text)[0].tree).sql(dialect="sqlite").lower()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT c.oid FROM pg_catalog.pg_class c", 'select c.oid from "pg_class" as c'),
        ("SELECT pg_class.oid FROM pg_class", 'select pg_class.oid from "pg_class" as "pg_class"'),
        (
            "SELECT pg_catalog.pg_class.oid FROM pg_catalog.pg_class",
            'select pg_class.oid from "pg_class" as "pg_class"',
        ),
        ("SELECT 1 FROM information_schema.tables", 'select 1 from "information_schema.tables" as "tables"'),
        ("SELECT pg_catalog.format_type(a, b)", "select format_type(a, b)"),
        ("SELECT current_user, user, CURRENT_SCHEMA", "select current_user(), user(), current_schema()"),
        ("SELECT a !~ '^pg_', a ~* 'x'", "select not _matches(a, '^pg_', 0), _matches(a, 'x', 1)"),
        ("SELECT a OPERATOR(pg_catalog.~) 'x' COLLATE pg_catalog.default", "select _matches(a, 'x', 0)"),
        ("SELECT 'pg_class'::regclass", "select _regclass('pg_class')"),
        ("SELECT c.oid::pg_catalog.regclass::pg_catalog.text", "select cast(_regclass_name(c.oid) as text)"),
        (
            "SELECT oid::regtype::text, $1::regclass::oid",
            "select cast(format_type(oid) as text), cast(_regclass(:p1) as integer)",
        ),
        ("SELECT a = ANY(ARRAY['r', 'p'])", "select a in (select value from json_each(json_array('r', 'p')))"),
        ("SELECT a = ANY(b), a <> ALL(b)", None),
        ("SELECT s[i], s[1]", "select _item(s, i), _item(s, 1)"),
        ("SELECT (information_schema._pg_expandarray(i.indkey)).n", "select null"),
        ("SELECT array_agg(a::text ORDER BY b), string_agg(a, ', ')", None),
        ("SELECT ARRAY['a', 'b']", "select json_array('a', 'b')"),
        ("SELECT E'\\n'", "select '\n'"),
        ("SELECT a LIMIT $1", "select a limit :p1"),
    ],
)
def test_a_question_is_turned(text: str, wanted: str | None) -> None:
    found = turned(text)
    if wanted is not None:
        assert found == wanted
    assert "any(" not in found
    assert "order by" not in found


def test_functions_in_from_are_subqueries_of_one_column() -> None:
    found = turned("SELECT s[i] FROM generate_series(1, 2) AS i, string_to_array('a,b', ',') s, unnest(x) u")
    assert found.count("json_each") == 2
    assert 'as "i"' in found
    assert "string_to_array('a,b', ',') as \"s\"" in found


def test_arrays_of_queries_are_collected() -> None:
    assert "json_group_array" in turned("SELECT array(SELECT 'x' || a FROM pg_class)")
