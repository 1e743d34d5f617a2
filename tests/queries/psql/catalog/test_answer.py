"""The catalog answers what clients ask it, and nothing harms it."""

from collections.abc import Iterator, Mapping

import pytest

from queries.psql.catalog.answer import CatalogBase, Found
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.statements import split
from tests.queries.psql.catalog.questions import QUESTIONS, Question


@pytest.fixture
def base() -> Iterator[CatalogBase]:
    one = CatalogBase("shop", State("shop").settings)
    yield one
    one.close()


def ask(base: CatalogBase, text: str, parameters: Mapping[str, str | int] | None = None) -> Found:
    (statement,) = split(text)
    assert statement.about_catalog
    return base.ask(statement.tree, parameters or {})


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.about)
def test_what_clients_ask_at_their_start_is_answered(base: CatalogBase, question: Question) -> None:
    found = ask(base, question.text)
    assert list(found.names)[: len(question.names)] == question.names
    if question.row is None:
        assert found.rows == []
    else:
        first = [value.decode().replace(" ", "_") for value in found.rows[0]]
        assert first[: len(question.row)] == question.row


def test_who_asks_is_known(base: CatalogBase) -> None:
    found = ask(base, "SELECT current_user, session_user, current_database(), current_setting('server_version_num')")
    assert found.rows[0] == [b'"shop"', b'"shop"', b'"events"', b'"150000"']


def test_parameters_are_bound_by_their_types(base: CatalogBase) -> None:
    for value in (16_384, "16384"):
        found = ask(base, "SELECT relname FROM pg_class WHERE oid = $1", {"p1": value})
        assert found.rows == [[b'"events"']]
    hostile = "x' OR '1'='1"
    assert ask(base, "SELECT relname FROM pg_class WHERE relname = $1", {"p1": hostile}).rows == []


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("SELECT nope FROM pg_class", "42703"),
        ("SELECT * FROM pg_nope", "42P01"),
        ("SELECT nope(oid) FROM pg_class", "42883"),
        ("SELECT relname ~ '(a+)+' FROM pg_class", "0A000"),
        ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t, pg_class", "54000"),
        ("SELECT count(*) FROM pg_type a, pg_type b, pg_type c, pg_type d, pg_type e", "54000"),
        ("SELECT a.oid FROM pg_type a, pg_type b, pg_type c", "54000"),
        ("SELECT zeroblob(2000000000) FROM pg_class", "54000"),
        ("SELECT load_extension('x') FROM pg_class", "0A000"),
    ],
)
def test_what_cannot_be_answered_says_so_and_ends(base: CatalogBase, text: str, state: str) -> None:
    with pytest.raises(Failure) as failure:
        ask(base, text)
    assert failure.value.sqlstate == state


def test_nothing_changes_the_catalog_or_reaches_a_file(base: CatalogBase) -> None:
    for text in (
        "CREATE TABLE x AS SELECT 1",
        "DROP TABLE pg_class",
        "ATTACH DATABASE '/tmp/x' AS y",
        "PRAGMA query_only = 0",
        "SELECT writefile('/tmp/x', 'y') FROM pg_class",
    ):
        with pytest.raises(Failure):
            base.ask(split(text)[0].tree, {})
    assert len(ask(base, "SELECT oid FROM pg_class WHERE relnamespace = 2200").rows) == 4
