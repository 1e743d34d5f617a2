"""Intervals: every one is told, in the zone's words, and whether it is complete."""

from zoneinfo import ZoneInfo

from queries.questions import series
from queries.questions.dimensions import TIMES
from queries.questions.measures import find
from queries.questions.question import Question
from queries.questions.spans import Span

HOUR = 3_600_000
NOON = 1_795_003_200_000
QUESTION = Question(
    "demo",
    (find("event_count", "x"), find("avg(properties.a)", "x")),
    Span(NOON + 1, NOON + 3 * HOUR, "any", ZoneInfo("Asia/Kathmandu")),
    (TIMES["time:hour"],),
    edges=(NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR),
)


def test_an_interval_is_called_by_its_start_on_the_clocks() -> None:
    assert series.labels(QUESTION)[:2] == ["2026-11-18T17:45:00+05:45", "2026-11-18T18:45:00+05:45"]


def test_an_interval_without_events_is_0_or_nothing() -> None:
    assert series.filled(QUESTION, [(NOON + HOUR, 4, 2.5)]) == [[0, None], [4, 2.5], [0, None]]
    assert series.filled(QUESTION, []) == [[0, None]] * 3


def test_an_interval_is_partial_where_the_span_cuts_it_and_where_events_may_still_come() -> None:
    assert series.partial(QUESTION, NOON + 9 * HOUR) == [True, False, False]
    assert series.partial(QUESTION, NOON + 2 * HOUR) == [True, False, True]
    assert series.partial(QUESTION, NOON + 2 * HOUR - 1) == [True, True, True]


def test_a_change_is_a_share_of_what_was_there() -> None:
    told = [series.change(*pair) for pair in ((3, 2), (1, 2), (0, 2), (2, 0), (None, 2), (2, None), (2.5, 2.5))]
    assert told == [0.5, -0.5, -1, None, None, None, 0]
