"""The cursor: a place in the order of arrival, and what lies before and behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.questions.recent import COLUMNS, LOOK_BACK_MS, Cursor, RecentQuery
from workers import row

NOW = 1_795_000_000_000
POSITIONS = st.tuples(
    st.integers(0, 2**63 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)
)


def numbers(cursor: Cursor) -> tuple[int, int, int, int]:
    return (cursor.ms, cursor.shard, cursor.seq, cursor.index)


@given(POSITIONS)
def test_a_cursor_reads_back_what_it_wrote(position: tuple[int, int, int, int]) -> None:
    cursor = Cursor(*position)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text())
def test_any_other_text_is_not_a_cursor(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        return
    assert [int(part) for part in text.split(".")] == list(numbers(cursor))


@given(POSITIONS)
def test_the_cursor_before_a_moment_lies_behind_all_that_came_earlier(position: tuple[int, int, int, int]) -> None:
    ms = position[0]
    assert numbers(Cursor.before(ms + 1)) > position
    assert numbers(Cursor.before(ms)) < position


def test_the_cursor_before_a_moment_reads_back_too() -> None:
    cursor = Cursor.before(NOW)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    ("after", "since"), [(None, NOW - LOOK_BACK_MS), (Cursor(5, 0, 0, 0), 5), (Cursor(NOW, 0, 0, 0), NOW)]
)
def test_events_are_looked_for_from_the_cursor_on_else_for_a_day(after: Cursor | None, since: int) -> None:
    assert RecentQuery("demo", 10, NOW, after).from_ms == since


def test_the_position_is_made_of_the_columns_of_the_place_in_the_stream() -> None:
    places = [name for name in row.COLUMNS if name.startswith("_")]
    assert sorted(places) == sorted(COLUMNS["position"].removeprefix("tuple(").removesuffix(")").split(", "))
