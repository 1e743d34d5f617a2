"""What people read: counts, events, the cursor to go on from, and up to when all of it is complete."""

from typing import Any

from ingest_api.progress import ShardProgress
from queries import answer
from queries.questions.recent import Cursor, RecentQuery

NOW = 1_795_000_000_000
IDLE = ShardProgress(0, NOW, 0, "worker", "0-0", {})
BEHIND = ShardProgress(1, NOW, NOW - 1234, "worker", "0-0", {})
COLUMNS = {"name": "name", "properties": "toJSONString(properties)", "position": "tuple()"}


def row(name: str, *position: int) -> tuple[Any, ...]:
    return (name, f'{{"of":"{name}"}}', position)


def recent(rows: list[tuple[Any, ...]], after: Cursor | None = None) -> tuple[list[str], str]:
    """The names of the events and the cursor."""
    query = RecentQuery("demo", 10, NOW, after, columns=COLUMNS)
    data: Any = answer.recent(query, rows, [IDLE])["data"]
    assert all(event == {"name": event["name"], "properties": {"of": event["name"]}} for event in data["events"])
    return [event["name"] for event in data["events"]], data["cursor"]


def test_an_answer_is_complete_up_to_what_waits_the_longest() -> None:
    assert answer.meta([IDLE, BEHIND]) == {"fresh_through": "2026-11-18T11:06:38.766Z", "lag_seconds": 1.234}


def test_with_nothing_waiting_an_answer_is_complete_up_to_now() -> None:
    assert answer.meta([IDLE]) == {"fresh_through": "2026-11-18T11:06:40.000Z", "lag_seconds": 0.0}


def test_the_newest_events_are_turned_into_the_order_of_arrival() -> None:
    rows = [row("c", 3, 0, 0, 0), row("b", 2, 0, 0, 0), row("a", 1, 0, 0, 0)]
    assert recent(rows) == (["a", "b", "c"], "3.0.0.0")


def test_events_after_a_cursor_stay_in_the_order_of_arrival() -> None:
    rows = [row("a", 1, 0, 0, 0), row("b", 2, 1, 0, 5)]
    assert recent(rows, Cursor(0, 0, 0, 0)) == (["a", "b"], "2.1.0.5")


def test_without_events_the_cursor_stays_where_it_was() -> None:
    assert recent([], Cursor(7, 1, 2, 3)) == ([], "7.1.2.3")


def test_without_events_and_cursor_one_goes_on_from_all_that_was_visible() -> None:
    _, cursor = recent([])
    assert Cursor.parse(cursor) == Cursor.before(NOW)


def test_an_error_has_the_shape_of_the_document() -> None:
    assert answer.error(401, "No.") == {"success": False, "error": "No.", "status": 401}
