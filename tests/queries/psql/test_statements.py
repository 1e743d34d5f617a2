"""Texts of clients: cut into statements, sorted, and the types of their parameters."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.psql.kinds import BY_NAME
from queries.psql.sqlstate import Failure
from queries.psql.statements import MAX_CHARACTERS, check, split


def test_a_text_is_cut_at_semicolons_that_are_no_text() -> None:
    text = "SELECT ';' AS \"a;b\" /* ; */; ; -- ;\n show  TimeZone ;"
    assert [one.text for one in split(text)] == ["SELECT ';' AS \"a;b\"", "show  TimeZone"]


@pytest.mark.parametrize("text", ["", " ", ";;", "-- nothing", "/* nothing */"])
def test_there_may_be_nothing(text: str) -> None:
    assert split(text) == []


def test_words_are_in_capitals_and_texts_as_they_are() -> None:
    (one,) = split('set search_path to "My", public')
    assert one.words == ("SET", "SEARCH_PATH", "TO", "My", ",", "PUBLIC")
    assert split("show transaction isolation level")[0].words == ("SHOW", "TRANSACTION", "ISOLATION", "LEVEL")
    assert split("declare c cursor for select 'for'")[0].behind("FOR") == " select 'for'"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
        "SELECT * FROM information_schema.tables",
        "SELECT version()",
        "SELECT pg_catalog.version(), current_user",
        "SELECT current_schema",
        "SELECT user",
        "SELECT pg_is_in_recovery(), current_setting('x')",
    ],
)
def test_questions_to_the_catalog_are_told_apart(text: str) -> None:
    assert split(text)[0].about_catalog


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT count(*) FROM events",
        "SELECT version FROM events",
        'SELECT "user" FROM events',
        "WITH pg_mine AS (SELECT * FROM events) SELECT * FROM pg_mine",
        "SELECT name FROM public.events WHERE name = 'pg_class'",
    ],
)
def test_everything_else_is_for_the_events(text: str) -> None:
    assert not split(text)[0].about_catalog


def test_one_statement_cannot_ask_both() -> None:
    with pytest.raises(Failure, match="cannot ask for events and for the catalog"):
        _ = split("SELECT * FROM events, pg_class")[0].about_catalog


@pytest.mark.parametrize(
    "text", ["INSERT INTO events VALUES (1)", "drop table events", "CREATE VIEW x AS SELECT 1", "DO $$ $$"]
)
def test_what_writes_is_refused(text: str) -> None:
    with pytest.raises(Failure) as failure:
        check(split(text)[0])
    assert failure.value.sqlstate == "25006"


def test_what_is_not_known_is_said() -> None:
    with pytest.raises(Failure) as failure:
        check(split("EXPLAIN SELECT 1")[0])
    assert failure.value.sqlstate == "0A000"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT $1::int, $2", ["int4", "text"]),
        ("SELECT * FROM events WHERE created_at > $1 AND id = $2", ["timestamptz", "uuid"]),
        ("SELECT * FROM events WHERE $1 < created_at LIMIT $2 OFFSET $3", ["timestamptz", "int8", "int8"]),
        ("SELECT * FROM events WHERE name IN ($1, $2) AND asn BETWEEN $3 AND $4", ["text", "text", "int8", "int8"]),
        ("SELECT * FROM events WHERE name = ANY($1)", ["_text"]),
        ("SELECT * FROM events WHERE properties->>'a' = $1 AND (properties->>'b')::int > $2", ["text", "int4"]),
        ("SELECT oid FROM pg_class WHERE relname = $2 AND oid = $1", ["oid", "name"]),
        ("SELECT name FROM events GROUP BY 1 HAVING count(*) > $1", ["int8"]),
    ],
)
def test_a_parameter_has_the_type_that_its_place_asks_for(text: str, names: list[str]) -> None:
    assert [kind.name for kind in split(text)[0].kinds(())] == names


def test_what_the_client_declares_holds() -> None:
    (one,) = split("SELECT $1, $2, $3")
    assert [kind.name for kind in one.kinds((20, 705, 0))] == ["int8", "text", "text"]
    assert [kind.name for kind in one.kinds((1184,))] == ["timestamptz", "text", "text"]


def test_types_are_said_where_parameters_stand() -> None:
    (one,) = split(" SELECT $1, '$2', $2 FROM events LIMIT $3")
    types = [BY_NAME["int4"], BY_NAME["_text"], BY_NAME["int8"]]
    assert one.typed(types) == "SELECT CAST($1 AS integer), '$2', CAST($2 AS text[]) FROM events LIMIT $3"


def test_there_are_not_too_many_parameters() -> None:
    with pytest.raises(Failure, match="at most 100 parameters"):
        _ = split("SELECT $101")[0].parameters


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("x" * (MAX_CHARACTERS + 1), "54000"),
        ("SELECT " + "1," * 5_000 + "1", "54000"),
        ("SELECT 'open", "42601"),
        ("/* open", "42601"),
    ],
)
def test_texts_that_are_too_long_or_never_end_are_refused(text: str, state: str) -> None:
    with pytest.raises(Failure) as failure:
        split(text)
    assert failure.value.sqlstate == state


@pytest.mark.parametrize(
    "text", ["SELECT FROM WHERE pg_class", "SELECT (((1 FROM pg_class", "SELECT 1 2 3 FROM pg_class"]
)
def test_what_is_not_in_the_grammar_is_a_syntax_error(text: str) -> None:
    with pytest.raises(Failure) as failure:
        _ = split(text)[0].about_catalog
    assert failure.value.sqlstate == "42601"


@given(st.text(alphabet="select$1();:'\"*/-,pg_class from user.xE\\\n", max_size=60))
def test_any_text_is_sorted_or_refused(text: str) -> None:
    with contextlib.suppress(Failure):
        for one in split(text):
            check(one)
            assert one.about_catalog in {True, False}
            assert len(one.kinds(())) == one.parameters
