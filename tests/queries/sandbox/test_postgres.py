"""PostgreSQL's statements in ClickHouse's words."""

import pytest

from queries.sandbox.errors import Unfit
from queries.sandbox.postgres import translate


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT Name FROM public.Events", "SELECT name FROM events"),
        ('SELECT "Name" FROM events e', "SELECT `Name` FROM events AS e"),
        (
            "SELECT 'b' AS k UNION ALL SELECT 'a' ORDER BY k LIMIT 1",
            "SELECT * FROM (SELECT 'b' AS k UNION ALL SELECT 'a') AS whole ORDER BY k LIMIT 1",
        ),
        ("SELECT name FROM events ORDER BY asn DESC", "SELECT name FROM events ORDER BY asn DESC NULLS FIRST"),
        ("SELECT asn > 1 AS b FROM events", "SELECT CAST(asn > 1, 'Nullable(Bool)') AS b FROM events"),
        ("SELECT name FROM events WHERE id = $1", "SELECT name FROM events WHERE id = {p1: Nullable(UUID)}"),
    ],
)
def test_names_order_and_truth_are_postgresqls(sql: str, text: str) -> None:
    assert translate(sql, None)[0] == text


def test_labels_are_postgresqls() -> None:
    sql = "SELECT count(*), a.name, name::text, 1, CASE WHEN true THEN 1 END, lower('x') AS L, \"N\" FROM events a"
    assert translate(sql, None)[1] == ("count", "name", "name", "?column?", "case", "l", "N")


@pytest.mark.parametrize(
    "sql", ["INSERT INTO events VALUES (1)", "SELECT 1; SELECT 2", "SELECT 1 FOR UPDATE", "SELEC", ""]
)
def test_what_is_no_select_is_refused(sql: str) -> None:
    with pytest.raises(Unfit):
        translate(sql, None)
