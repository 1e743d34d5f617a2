"""Names of tables: views, queries of WITH, and nothing else; each in its own scope."""

import pytest

from queries.sandbox.compile import compile as checked
from queries.sandbox.errors import Unfit


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        (
            "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
            "WITH _hr_with_1 AS (SELECT 1 AS x) SELECT x FROM _hr_with_1 AS a",
        ),
        (
            "WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT a.x FROM a JOIN b USING (x)",
            "WITH _hr_with_1 AS (SELECT 1 AS x), _hr_with_2 AS (SELECT x FROM _hr_with_1 AS a) "
            "SELECT a.x FROM _hr_with_1 AS a JOIN _hr_with_2 AS b USING (x)",
        ),
        (
            "WITH a AS (SELECT 1) SELECT * FROM (WITH a AS (SELECT 2) SELECT * FROM a) AS q, a",
            "WITH _hr_with_1 AS (SELECT 1) SELECT * FROM (WITH _hr_with_2 AS (SELECT 2) "
            "SELECT * FROM _hr_with_2 AS a) AS q CROSS JOIN _hr_with_1 AS a",
        ),
        ("WITH 5 AS n SELECT n", "WITH 5 AS n SELECT n"),
        (
            "WITH sightings AS (SELECT 1) SELECT * FROM sightings AS s",
            "WITH _hr_with_1 AS (SELECT 1) SELECT * FROM _hr_with_1 AS s",
        ),
    ],
)
def test_queries_of_with_get_names_that_no_table_has(sql: str, text: str) -> None:
    assert checked(sql).text == text


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sightings",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) AS q, a",
        "WITH a AS (SELECT * FROM a) SELECT * FROM a",
        "WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a",
        "SELECT * FROM EVENTS",
    ],
)
def test_what_is_not_seen_from_here_is_not_there(sql: str) -> None:
    with pytest.raises(Unfit):
        checked(sql)


def test_final_is_said_already() -> None:
    assert checked("SELECT 1 FROM events AS e FINAL").text.count("FINAL") == 1
