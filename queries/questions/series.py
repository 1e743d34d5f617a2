"""Series: empty intervals filled, their starts as the clocks show them, and which are not complete yet. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from queries.questions import spans
from queries.questions.question import Question

Row = Sequence[Any]


def labels(question: Question) -> list[str]:
    """The start of each interval."""
    return [spans.label(start, question.span.zone) for start in question.edges[:-1]]


def partial(question: Question, fresh_through: int) -> list[bool]:
    """Whether an interval is cut off by the span, or events of it may still come to be seen."""
    end = question.until if question.until is not None else question.edges[-1]
    return [
        start < question.span.since or stop > min(end, fresh_through)
        for start, stop in zip(question.edges, question.edges[1:], strict=False)
    ]


def place(question: Question, start: int) -> int:
    """The number of the interval that begins at this moment."""
    return bisect_left(question.edges, start)


def empty(question: Question) -> list[int | None]:
    """What the metrics come to without any event."""
    return [0 if metric.measure.counts else None for metric in question.metrics]


def filled(question: Question, rows: Sequence[Row]) -> list[list[Any]]:
    """Values of the metrics for each interval, of rows whose first column is the time."""
    found = [empty(question) for _ in question.edges[1:]]
    for row in rows:
        found[place(question, row[0])] = list(row[1:])
    return found


def change(value: float | None, before: float | None) -> float | None:
    """By which share it grew: 0.5 is half as much again. None where there was nothing."""
    return None if value is None or not before else (value - before) / before
