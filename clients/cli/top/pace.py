"""Pace: events a second, from the running totals of the last answers; before there are two, from the last minute."""

from collections import deque
from collections.abc import Sequence

from clients.cli.top.flow import Pipeline, Totals

NAMES = ("accepted", "stored", "rejected")
#: whole ones that are shown
MINUTES = 59
#: a rate is taken over so many seconds, so that a batch now and then makes no jumps
SPAN_SECONDS = 10.0


class Pace:
    """What the last answers differ by."""

    def __init__(self) -> None:
        self._seen: deque[Pipeline] = deque()

    def add(self, one: Pipeline) -> None:
        """The next answer."""
        if self._seen and not _comparable(self._seen[-1], one):
            self._seen.clear()
        self._seen.append(one)
        while len(self._seen) > 2 and _seconds(self._seen[1], one) >= SPAN_SECONDS:
            self._seen.popleft()

    def per_second(self) -> tuple[float, ...]:
        """Of each of `NAMES`, up to the last answer."""
        first, last = self._seen[0], self._seen[-1]
        if (seconds := _seconds(first, last)) > 0:
            return tuple((_of(last.rates.totals, name) - _of(first.rates.totals, name)) / seconds for name in NAMES)
        return tuple(series(last, name)[-1] for name in NAMES)


def series(one: Pipeline, name: str) -> Sequence[float]:
    """Events a second in each whole minute."""
    return [getattr(minute, name) / 60 for minute in one.rates.minutes[:-1]] or [0.0]


def hour(one: Pipeline, name: str) -> int:
    """Events of the minutes that are shown."""
    return sum(getattr(minute, name) for minute in one.rates.minutes)


def _comparable(before: Pipeline, after: Pipeline) -> bool:
    """Totals begin anew now and then, and of another key they count others' events."""
    one, two = before.rates.totals, after.rates.totals
    same = (before.project, one.since) == (after.project, two.since) and before.now < after.now
    return same and all(_of(one, name) <= _of(two, name) for name in NAMES)


def _of(totals: Totals, name: str) -> int:
    count: int = getattr(totals, name)
    return count


def _seconds(before: Pipeline, after: Pipeline) -> float:
    return (after.now - before.now).total_seconds()
