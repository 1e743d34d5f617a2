"""The lists at work: what is refused, in which words, and where."""

import pytest

from queries.sandbox.compile import compile as checked
from queries.sandbox.errors import Unfit

REFUSED = [
    ("SELECT hostName()", "function", "Line 1, column 8: There is no function hostName here"),
    ("SELECT 1 SETTINGS max_threads = 1", "feature", "SETTINGS is not taken"),
    ("SELECT 1 FORMAT CSV", "feature", "FORMAT is not taken"),
    ("SELECT 1 IN events", "feature", "IN needs a list or a SELECT"),
    ("SELECT 1 IN ((events))", "feature", "has(array, value)"),
    ("SELECT * FROM url('x')", "table", "Tables come by their name alone"),
    ("SELECT * FROM a.events", "feature", "A table has no database here"),
    ("SELECT 1 FROM events PASTE JOIN events", "feature", "PASTE JOIN is not taken"),
    ("SELECT CAST(1 AS AggregateFunction(sum, UInt8))", "type", "There is no such type"),
    ("SELECT CAST(1, 'AggregateFunction(sum, UInt8)')", "type", "States of aggregate functions"),
    ("SELECT JSONExtract('{}', 'a', concat('S', 'tring'))", "type", "written out as a string"),
    ("SELECT 1 AS _hr_x", "name", "the service's own"),
    ("SELECT 1 AS `a\\`b`", "name", "without quotes"),
    ("WITH events AS (SELECT 1) SELECT 1", "name", "events is a view already"),
    ("SELECT {x:Identifier}", "parameter", "written {name:Type}"),
    ("SELECT x FROM events ORDER BY x WITH FILL", "feature", "WITH FILL is not taken"),
    ("SELECT * REPLACE (1 AS name) FROM events", "feature", "* REPLACE is not taken"),
    ("SELECT sumState(1)", "function", "There is no function sumState"),
    ("SELECT 1\n  FROM events\n  WHERE sleep(1)", "function", "Line 3, column 9"),
]


@pytest.mark.parametrize(("sql", "kind", "said"), REFUSED, ids=[sql for sql, _, _ in REFUSED])
def test_what_is_not_on_a_list_is_refused_in_words_and_with_its_place(sql: str, kind: str, said: str) -> None:
    with pytest.raises(Unfit) as unfit:
        checked(sql)
    assert (unfit.value.kind, said in unfit.value.message) == (kind, True), unfit.value.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 IN (1, 2), 1 IN [1], 1 IN (SELECT 1), 1 IN {some:Array(UInt8)}",
        "SELECT * EXCEPT (name, ip) FROM events",
        "SELECT events.name AS `how, many` FROM events",
        "SELECT count(DISTINCT name), sumIf(asn, name = 'x') FROM events",
        "SELECT CAST('x' AS Nullable(LowCardinality(String))), toTypeName(1)",
    ],
)
def test_what_is_on_the_lists_is_taken(sql: str) -> None:
    assert checked(sql).text
