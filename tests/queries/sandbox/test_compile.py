"""compile: what is written anew, what is bound, and that nothing of the text is copied."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from queries.sandbox.compile import compile as checked
from queries.sandbox.errors import Unfit
from queries.sandbox.views import BASES, VIEWS

_SCAN = re.compile(r"SELECT _hr_events\.event_id AS id.*?\) AS (\w+)", re.DOTALL)


def test_a_view_becomes_its_own_subquery_with_the_project_bound() -> None:
    statement = checked("select count() from events where name = 'x' -- hello")
    assert _SCAN.sub(r"…) AS \1", statement.text) == "SELECT count() FROM (…) AS events WHERE name = 'x'"
    assert statement.text.count("_hr_events.project = {project:String}") == 1
    assert statement.statement("mine").parameters == {"project": "mine"}
    assert statement.views == {"events"}


def test_without_a_view_no_project_is_bound() -> None:
    assert checked("SELECT '50 %'").statement("mine").parameters == {}


def test_parameters_get_names_of_their_own() -> None:
    statement = checked("SELECT {project:String}, {n:UInt8}", parameters={"project": "theirs", "n": 1})
    assert statement.text == "SELECT {own_project: String}, {own_n: UInt8}"
    assert statement.statement("mine").parameters == {"own_project": "theirs", "own_n": 1}
    assert [(one.name, one.type) for one in statement.wanted] == [("project", "String"), ("n", "UInt8")]


def test_without_values_the_parameters_are_only_told() -> None:
    statement = checked("SELECT name FROM events WHERE asn = $2 AND client_id = $1 LIMIT $3", "postgres")
    assert {one.name: one.type for one in statement.wanted} == {
        "2": "Nullable(UInt32)",
        "1": "Nullable(String)",
        "3": "UInt64",
    }
    assert statement.names == ("name",)


def test_postgres_has_settings_and_labels_of_its_own() -> None:
    statement = checked("SELECT count(*), 1 + 1, name::text, now() FROM events GROUP BY name", "postgres")
    assert statement.names == ("count", "?column?", "name", "now")
    assert statement.settings("mine")["join_use_nulls"] == 1
    assert checked("SELECT 1").settings("mine")["join_use_nulls"] == 0
    assert checked("SELECT * FROM events", "postgres").names is None


@pytest.mark.parametrize("dialect", ["clickhouse", "postgres"])
def test_every_scan_of_a_base_table_binds_the_project(dialect: str) -> None:
    sql = "SELECT 1 FROM events AS a JOIN sessions AS s ON s.visitor = a.visitor CROSS JOIN users, rejected_events"
    tree = parse_one(checked(sql, "postgres" if dialect == "postgres" else "clickhouse").text, dialect="clickhouse")
    named = [one for one in tree.find_all(exp.Table) if one.name in BASES]
    assert {one.name for one in named} == {"events", "rejected_events", "sightings", "user_traits"}
    for one in named:
        select = one.find_ancestor(exp.Select)
        assert select is not None
        assert "project = {project: String}" in select.args["where"].sql(dialect="clickhouse")
    called = [
        one.sql(dialect="clickhouse") for one in tree.find_all(exp.Anonymous) if one.name in {"sessions", "identities"}
    ]
    assert len(called) == 3
    assert all("project = {project: String}" in one for one in called)


_TOKENS = """
    SELECT FROM WHERE GROUP BY ORDER LIMIT UNION ALL WITH AS IN NOT ( ) [ ] { } , . * ; 1 'x' "y" `z` -> :: ? :
    FINAL SAMPLE SETTINGS FORMAT INTO OUTFILE JOIN LEFT ARRAY ON USING CASE WHEN THEN END AND OR = < > + - $1
    {a:String} events sessions users rejected_events system tables file url name properties count sum arrayMap x
    sightings headrace
"""
_WORDS = st.sampled_from(_TOKENS.split())


def _is_refused(sql: str, *, postgres: bool = False) -> bool:
    try:
        checked(sql, "postgres" if postgres else "clickhouse")
    except Unfit:
        return True
    return False


@given(words=st.lists(_WORDS, max_size=25), postgres=st.booleans())
def test_whatever_is_put_together_is_refused_or_reads_views_alone(words: list[str], postgres: bool) -> None:
    sql = "SELECT " + " ".join(words)
    if _is_refused(sql, postgres=postgres):
        return
    text = checked(sql, "postgres" if postgres else "clickhouse").text
    for view in VIEWS.values():
        text = text.replace(view.text, "SELECT 1")
    tables = {one.name for one in parse_one(text, dialect="clickhouse").find_all(exp.Table)}
    assert all(name.startswith("_hr_with_") or name in {"sessions"} for name in tables), text


@given(text=st.text(max_size=60))
def test_any_text_at_all_is_refused_or_written_anew(text: str) -> None:
    for sql in (text, f"SELECT {text}", f"SELECT * FROM {text}"):
        assert _is_refused(sql) in {True, False}, "and nothing else is raised"


@given(value=st.text(max_size=60))
def test_a_text_is_written_so_that_it_ends_where_it_should(value: str) -> None:
    written = value.replace("\\", "\\\\").replace("'", "\\'")
    sql = f"SELECT '{written}' AS a, 1 AS b"
    if _is_refused(sql):
        assert any("\ud800" <= letter <= "\udfff" for letter in value), "half a character"
        return
    statement = checked(sql)
    tree = parse_one(statement.text, dialect="clickhouse")
    assert isinstance(tree, exp.Select)
    assert [one.alias for one in tree.selects] == ["a", "b"]
    assert "\0" not in statement.text
