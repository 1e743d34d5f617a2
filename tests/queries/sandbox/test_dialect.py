"""The dialect: names of functions as they were given, literals and names written so that they end where they should."""

import pytest

from queries.sandbox.compile import compile as checked


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT toStartOfWeek(now(), 1), uniqExactIf(1, 1)", "SELECT toStartOfWeek(now(), 1), uniqExactIf(1, 1)"),
        ("SELECT quantilesTDigest(0.5, 0.9)(1)", "SELECT quantilesTDigest(0.5, 0.9)(1)"),
        ("SELECT 'it''s', 'it\\'s', 'a\\\\', $$it's$$", "SELECT 'it\\'s', 'it\\'s', 'a\\\\', 'it\\'s'"),
        ('SELECT 1 AS "a b", 2 AS c', "SELECT 1 AS `a b`, 2 AS c"),
        ("SELECT 7 DIV 2", "SELECT intDiv(7, 2)"),
        ("SELECT [1, 2][1], (1, 2).2", "SELECT [1, 2][1], (1, 2).2"),
        ("SELECT 1 /* a */ + /* b */ 2 -- c", "SELECT 1 + 2"),
    ],
)
def test_what_is_read_is_written(sql: str, text: str) -> None:
    assert checked(sql).text == text
