"""SQL text is exact, the project is always bound, and no value ever stands in the text."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries import sql
from queries.questions.recent import Cursor, RecentQuery
from queries.rejections.rejected import Selection
from queries.sql import Statement

RECENT = RecentQuery("demo", 10, 2000, columns={"id": "event_id", "position": "tuple(1)"})
TEXT = st.text(min_size=1)


def bound(statement: Statement) -> set[str]:
    """The parameters that the text asks for."""
    return set(re.findall(r"\{(\w+):\w+\}", statement.text))


def test_without_a_cursor_the_newest_events_come_first() -> None:
    assert sql.recent(RECENT) == Statement(
        "SELECT event_id AS `id`, tuple(1) AS `position` FROM events FINAL WHERE project = {project:String}"
        " AND _stream_ms >= {from_ms:UInt64} AND _stream_ms < {fresh_through:UInt64}"
        " ORDER BY _stream_ms DESC, _shard DESC, _stream_seq DESC, _index DESC LIMIT {limit:UInt32}",
        {"project": "demo", "from_ms": 2000 - 86_400_000, "fresh_through": 2000, "limit": 10},
    )


def test_after_a_cursor_events_come_in_the_order_of_arrival() -> None:
    query = replace(RECENT, after=Cursor(1500, 1, 2, 3), event_type="signup")
    assert sql.recent(query) == Statement(
        "SELECT event_id AS `id`, tuple(1) AS `position` FROM events FINAL WHERE project = {project:String}"
        " AND name = {event_type:String}"
        " AND _stream_ms >= {from_ms:UInt64} AND _stream_ms < {fresh_through:UInt64}"
        " AND (_stream_ms, _shard, _stream_seq, _index) > ({ms:UInt64}, {shard:UInt64}, {seq:UInt64}, {index:UInt64})"
        " ORDER BY _stream_ms ASC, _shard ASC, _stream_seq ASC, _index ASC LIMIT {limit:UInt32}",
        {"project": "demo", "event_type": "signup", "from_ms": 1500, "fresh_through": 2000, "limit": 10}
        | {"ms": 1500, "shard": 1, "seq": 2, "index": 3},
    )


@given(TEXT, TEXT, st.integers(), st.lists(st.integers()))
def test_no_value_of_the_ledger_or_a_receipt_stands_in_its_text(
    project: str, event_id: str, number: int, cursors: list[int]
) -> None:
    pairs = (
        (sql.ledger(project, number, number, cursors, number), sql.ledger("p", 1, 2, [3], 4)),
        (sql.receipt(project, event_id), sql.receipt("p", "i")),
    )
    for statement, usual in pairs:
        assert statement.text == usual.text
        assert statement.parameters.keys() == set(re.findall(r"\{(\w+):[\w()]+\}", statement.text))
        assert statement.parameters["project"] == project


@given(TEXT, TEXT, st.integers(), st.integers(), st.none() | st.builds(Cursor, *[st.integers()] * 4))
def test_no_value_of_recent_events_stands_in_their_text(
    project: str, name: str, limit: int, fresh_through: int, after: Cursor | None
) -> None:
    statement = sql.recent(RecentQuery(project, limit, fresh_through, after, name))
    usual = sql.recent(RecentQuery("p", 1, 2, after and Cursor(1, 2, 3, 4), "e"))
    assert statement.text == usual.text
    assert statement.parameters.keys() == bound(statement)
    assert statement.parameters["project"] == project


CHOSEN = Selection("shop", "9f2c", 2000)
REJECTED = [
    sql.rejected_groups("shop", redriven=False, limit=10),
    sql.rejected_groups("shop", redriven=True, limit=10),
    sql.rejected_samples("shop", "9f2c", 5),
    sql.rejected_places(CHOSEN, 7),
    sql.rejected_rows(CHOSEN, (1, 2, 3, 4), 7),
    sql.rejected_left(CHOSEN),
]


@pytest.mark.parametrize("statement", REJECTED)
def test_questions_about_rejected_events_bind_the_project_and_everything_else(statement: Statement) -> None:
    assert bound(statement) == statement.parameters.keys()
    assert statement.parameters["project"] == "shop"
    assert "project = {project:String}" in statement.text


def test_what_was_redriven_is_selected_once_only() -> None:
    for statement in (sql.rejected_places(CHOSEN, 7), sql.rejected_rows(CHOSEN, (1, 2, 3, 4), 7), REJECTED[0]):
        assert "redriven_at = toDateTime64(0, 3, 'UTC')" in statement.text
    assert "AND redriven_at" not in REJECTED[1].text
