"""Text -> one tree, within limits, and where what is wrong stands."""

import pytest

from queries.sandbox.errors import Unfit
from queries.sandbox.parse import parse, place


@pytest.mark.parametrize("sql", ["SELECT 1", "SELECT 1;", "SELECT 1 ;; -- end", "(SELECT 1)", "WITH 1 AS a SELECT a"])
def test_one_select_is_taken(sql: str) -> None:
    assert parse(sql)


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("", "syntax", "nothing to ask"),
        ("-- only words", "syntax", "nothing to ask"),
        ("DROP TABLE events", "feature", "Only SELECT is run here"),
        ("SELECT 1;\nSELECT 2", "feature", "Line 1, column 9: There is more than one statement"),
        ("SELECT 'x", "syntax", "never closed"),
        ("SELECT 1 +\n+* 2", "syntax", "Line 2"),
        ("SELECT '\ud800'", "syntax", "half a character"),
        ("SELECT '\\xff'", "syntax", "unhex"),
        ("SELECT '" + "x" * 70_000 + "'", "size", "longer than"),
        ("SELECT 1" + ", 1" * 5000, "size", "words and signs"),
        ("SELECT " + "(" * 30 + "1" + ")" * 30, "size", "nested deeper"),
        ("SELECT " + "tuple(" * 22 + "1" + ")" * 22, "size", "too intricate"),
        ("SELECT " + "NOT " * 4000 + "1", "size", "nested too deep"),
    ],
    ids=lambda value: str(value)[:30].encode(errors="replace").decode(),
)
def test_what_is_no_select_or_too_much_is_refused(sql: str, kind: str, said: str) -> None:
    with pytest.raises(Unfit) as unfit:
        parse(sql)
    assert (unfit.value.kind, said in unfit.value.message) == (kind, True), unfit.value.message


def test_a_backslash_of_its_own_begins_no_byte() -> None:
    assert parse("SELECT '\\\\xff'")


def test_places_count_from_one() -> None:
    assert place("ab\ncd", 0) == (1, 1)
    assert place("ab\ncd", 4) == (2, 2)
