"""Cutting a stretch of time."""

from hypothesis import given
from hypothesis import strategies as st

from clients.cli.windows import Window, cut, spans

HOUR = 3_600_000


def test_neighbours_are_taken_together_as_long_as_they_are_not_too_many() -> None:
    hours = [(0, 3), (HOUR, 4), (5 * HOUR, 4), (6 * HOUR, 1)]
    assert cut(hours, 10, 9 * HOUR, 8) == [Window(10, 5 * HOUR, 7), Window(5 * HOUR, 9 * HOUR, 5)]
    assert cut([], 10, 20, 8) == [Window(10, 20, 0)]


def test_an_hour_with_too_many_is_sliced() -> None:
    assert cut([(0, 7)], 0, HOUR, 3) == [Window(0, HOUR, 2, 1, 3), Window(0, HOUR, 2, 2, 3), Window(0, HOUR, 3, 3, 3)]


@given(st.dictionaries(st.integers(1, 200), st.integers(1, 50), max_size=30), st.integers(1, 60))
def test_windows_cover_the_stretch_once_and_hold_all_events_and_not_too_many(counts: dict[int, int], most: int) -> None:
    found = cut([(hour * HOUR, counts[hour]) for hour in sorted(counts)], 5, 201 * HOUR, most)
    whole = [one for one in found if one.slice == 1]
    assert [one.from_ms for one in whole] == [5, *(one.to_ms for one in whole[:-1])]
    assert whole[-1].to_ms == 201 * HOUR
    assert sum(one.events for one in found) == sum(counts.values())
    assert all(one.events <= most for one in found)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(HOUR, 10**8))
def test_spans_join_at_full_hours(start: int, length: int, longest: int) -> None:
    found = list(spans(start, start + length, longest))
    assert [one for one, _ in found] == [start, *(end for _, end in found[:-1])]
    assert found[-1][1] == start + length
    assert all(end % HOUR == 0 for _, end in found[:-1])
    assert all(0 < end - first <= longest for first, end in found)
