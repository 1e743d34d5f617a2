"""The span of sessions that is read: as narrow as conditions say, never narrower."""

import re

import pytest

from queries.sandbox.compile import compile as checked
from queries.sandbox.views import LAST_SESSION


def span(sql: str) -> tuple[str, str]:
    found = re.search(
        r"sessions\(project=\{project:String\}, since=(.*?), until=(.*?), bots='exclude'\)", checked(sql).text
    )
    assert found is not None
    return found[1], found[2]


ALL = ("0", str(LAST_SESSION))


def edge(time: str, sign: str, otherwise: str) -> str:
    return (
        f"ifNull(toUnixTimestamp64Milli(toDateTime64OrNull(toString({time}), 3, 'UTC')) {sign} 86400000, {otherwise})"
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("started_at >= '2026-11-01'", (edge("'2026-11-01'", "-", ALL[0]), ALL[1])),
        ("'2026-11-01' < started_at", (edge("'2026-11-01'", "-", ALL[0]), ALL[1])),
        ("sessions.started_at < now() AND events > 3", (ALL[0], edge("now()", "+", ALL[1]))),
        ("(started_at > today() - 7) AND started_at <= today()",
         (edge("today() - 7", "-", ALL[0]), edge("today()", "+", ALL[1]))),
        ("started_at BETWEEN '2026-11-01' AND '2026-11-02'",
         (edge("'2026-11-01'", "-", ALL[0]), edge("'2026-11-02'", "+", ALL[1]))),
    ],
)  # fmt: skip
def test_a_condition_that_always_holds_narrows_the_span(where: str, expected: tuple[str, str]) -> None:
    assert span(f"SELECT 1 FROM sessions WHERE {where}") == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM sessions",
        "SELECT 1 FROM sessions WHERE started_at > '2026-11-01' OR events > 3",
        "SELECT 1 FROM sessions WHERE NOT started_at > '2026-11-01'",
        "SELECT 1 FROM sessions WHERE started_at > ended_at",
        "SELECT 1 FROM sessions WHERE started_at > (SELECT max(occurred_at) FROM events)",
        "SELECT ended_at AS started_at FROM sessions WHERE started_at > '2026-11-01'",
        "SELECT 1 FROM events LEFT JOIN sessions USING (visitor) WHERE started_at < '2026-11-01'",
        "SELECT 1 FROM sessions RIGHT JOIN events USING (visitor) WHERE started_at < '2026-11-01'",
        "SELECT 1 FROM (SELECT * FROM sessions) AS s WHERE started_at < '2026-11-01'",
    ],
)
def test_what_may_not_narrow_does_not(sql: str) -> None:
    assert span(sql) == ALL
