"""What questions come to, by plain Python: metrics of groups of events, looked at one after the other."""

import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from queries.questions.question import Question
from tests.queries import crowd
from tests.queries.crowd import PAGES, Row, Visit

Group = tuple[Any, ...]
#: dimension -> column of an event
COLUMNS = {"event": "name", "page": "path"}
#: what a session has of its own; the rest is of its first event
OF_VISITS = ("entry_page", "exit_page", "user_id", "visitor", "country")
OF_FIRST = ("channel", "source", "device_type")
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Stay:
    """A session with its events."""

    visit: Visit
    events: list[Row]


@dataclass(frozen=True)
class World:
    """All events of a project, and a question's `raw` filters."""

    rows: Sequence[Row]
    question: Question
    filters: Sequence[Any] = ()

    @property
    def until(self) -> int:
        return self.question.until or 10**15

    def realm(self) -> list[Row]:
        """Events of the question before its filters."""
        question = self.question
        return [
            row
            for row in crowd.once(self.rows)
            if question.span.since <= row["occurred_at"] < self.until
            and crowd.counted(row, question.bots)
            and (not question.site_id or row["site_id"] in {question.site_id, ""})
        ]

    def doers(self, raw: Any) -> set[str]:
        """People who have such an event."""
        linked = crowd.links(self.rows)
        return {crowd.person(row, linked) for row in self.realm() if self.holds(raw, row)} - {""}

    def holds(self, raw: Any, row: Row) -> bool:
        """Whether an event is such."""
        name: str = raw[0]
        if name in {"and", "or"}:
            return (all if name == "and" else any)(self.holds(one, row) for one in raw[1])
        if name == "not":
            return not self.holds(raw[1], row)
        if name in {"has_done", "has_not_done"}:
            return (crowd.person(row, crowd.links(self.rows)) in self.doers(raw[1])) == (name == "has_done")
        return test(raw, self.value(row, raw[1]), number(row, raw[1]))

    def stays(self) -> list[Stay]:
        """The sessions that are meant."""
        question = self.question
        found = [Stay(*one) for one in crowd.stays(self.rows, question.span.since, self.until, question.bots)]
        if question.site_id:
            found = [one for one in found if any(row["site_id"] in {question.site_id, ""} for row in one.events)]
        return [one for one in found if self.meant(["and", self.filters], one)]

    def meant(self, raw: Any, stay: Stay) -> bool:
        """Whether a session is such: by what it has itself, else by an event that it holds."""
        name: str = raw[0]
        if name in {"has_done", "has_not_done"}:
            row = {**stay.events[0], "user_id": stay.visit.user_id, "client_id": stay.events[0]["client_id"]}
            return (crowd.person(row, crowd.links(self.rows)) in self.doers(raw[1])) == (name == "has_done")
        if of_events(raw):
            return any(self.holds(raw, row) for row in stay.events)
        if name == "and":
            together = [one for one in raw[1] if of_events(one)]
            rest = [one for one in raw[1] if not of_events(one)]
            return all(self.meant(one, stay) for one in [*rest, *([["and", together]] if together else [])])
        if name == "or":
            return any(self.meant(one, stay) for one in raw[1])
        if name == "not":
            return not self.meant(raw[1], stay)
        return test(raw, self.of_stay(stay, raw[1]), None)

    def value(self, row: Row, name: str) -> Any:
        """An event's value of a dimension."""
        if name.startswith("properties."):
            return text(found(row, name))
        if name == "visitor":
            return crowd.visitor(row)
        if name == "viewed_page":
            return row["path"] if row["name"] in PAGES else ""
        return self.clock(row["occurred_at"], name) if name in CLOCKS else row[COLUMNS.get(name, name)]

    def of_stay(self, stay: Stay, name: str) -> Any:
        """A session's value of a dimension."""
        if name in OF_VISITS:
            return getattr(stay.visit, name)
        return self.clock(stay.visit.started_at, name) if name in CLOCKS else stay.events[0][name]

    def clock(self, time: int, name: str) -> int:
        return CLOCKS[name](datetime.fromtimestamp(time / 1000, self.question.span.zone))

    def start(self, time: int) -> int:
        """Of the interval that a moment lies in."""
        return self.question.edges[bisect_right(self.question.edges, time) - 1]

    def rows_of(self) -> dict[Group, tuple[list[Row], list[Stay]]]:
        """Events and sessions of each group."""
        groups: dict[Group, tuple[list[Row], list[Stay]]] = defaultdict(lambda: ([], []))
        asked = self.question.dimensions
        whole = {metric.measure.of == "sessions" for metric in self.question.metrics}
        if False in whole:
            for row in self.realm():
                if self.holds(["and", self.filters], row):
                    key = tuple(
                        self.start(row["occurred_at"]) if one.interval else self.value(row, one.name) for one in asked
                    )
                    groups[key][0].append(row)
        if True in whole:
            for stay in self.stays():
                key = tuple(
                    self.start(stay.visit.started_at) if one.interval else self.of_stay(stay, one.name) for one in asked
                )
                groups[key][1].append(stay)
        return groups if asked else {(): groups[()]}

    def answer(self) -> dict[Group, list[Any]]:
        """Group -> the metrics' values; groups of people alone leave out what is nobody's."""
        found = {}
        persons = all(metric.measure.of in {"persons", "newcomers"} for metric in self.question.metrics)
        for key, (rows, stays) in self.rows_of().items():
            if persons and key and not any(crowd.visitor(row) for row in rows):
                continue
            start = self.question.span.since
            if self.question.time is not None:
                start = max(start, key[self.question.time])
            found[key] = [self.metric(metric.name, rows, stays, start) for metric in self.question.metrics]
        return found

    def metric(self, name: str, rows: list[Row], stays: list[Stay], start: int) -> Any:
        linked = crowd.links(self.rows)
        people = {crowd.person(row, linked) for row in rows} - {""}
        before = {crowd.person(row, linked) for row in self.rows if row["occurred_at"] < start}
        if name in OF_STAYS:
            return OF_STAYS[name]([one.visit for one in stays])
        if "(" in name:
            measure, path = name.rstrip(")").split("(")
            return of_numbers(measure, sorted(one for row in rows if (one := number(row, path)) is not None))
        return {
            "event_count": len(rows),
            "page_views": sum(row["name"] in PAGES for row in rows),
            "visitors": len({crowd.visitor(row) for row in rows} - {""}),
            "unique_users": len(people),
            "new_users": len({one for one in people - before if not one.startswith("v:")}),
        }[name]


def mean(numbers: Iterable[float]) -> float | None:
    some = list(numbers)
    return sum(some) / len(some) if some else None


CLOCKS: Mapping[str, Callable[[datetime], int]] = {
    "hour_of_day": lambda at: at.hour,
    "day_of_week": datetime.isoweekday,
}
OF_STAYS: Mapping[str, Callable[[list[Visit]], Any]] = {
    "sessions": len,
    "events_per_session": lambda visits: mean(one.events for one in visits),
    "bounce_rate": lambda visits: mean(one.bounced for one in visits if one.page_views),
    "session_duration": lambda visits: mean((one.ended_at - one.started_at) / 1000 for one in visits),
}


def of_numbers(measure: str, numbers: list[float]) -> float | None:
    if measure == "sum":
        return sum(numbers)
    if not numbers:
        return None
    if measure in SHARES:
        place = (len(numbers) - 1) * SHARES[measure]
        low = int(place)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
    return {"avg": mean(numbers), "min": numbers[0], "max": numbers[-1]}[measure]


def found(row: Row, name: str) -> Any:
    """The value of a property."""
    value = json.loads(row["properties"])
    for part in name.removeprefix("properties.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def number(row: Row, name: str) -> float | None:
    if not name.startswith("properties."):
        return None
    value = found(row, name)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, dict) else f"{value:g}" if isinstance(value, float) else str(value)


def test(raw: list[Any], value: Any, figure: float | None) -> bool:
    """One test of one value; `figure` is the number of a property."""
    operator: str = raw[0]
    for negated, positive in (("is_not", "is"), ("contains_not", "contains"), ("matches_not", "matches")):
        if operator == negated:
            return not test([positive, *raw[1:]], value, figure)
    if operator.endswith("_set"):
        return (not isinstance(value, str) or value != "") == (operator == "is_set")
    given = raw[2] if isinstance(raw[2], list) else [raw[2]]
    if operator in {"gt", "gte", "lt", "lte"}:
        known = value if isinstance(value, int) else figure
        compared = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}[operator]
        return known is not None and bool(getattr(float(known), compared)(float(given[0])))
    if operator == "contains":
        return any(one in value for one in given)
    if operator == "matches":
        return any(re.search(one, value) for one in given)
    return any(value == one if isinstance(one, str) or isinstance(value, int) else figure == one for one in given)


def of_events(raw: Any) -> bool:
    """Whether a filter speaks of what only events have."""
    if raw[0] in {"has_done", "has_not_done"}:
        return False
    if raw[0] in {"and", "or"}:
        return bool(raw[1]) and all(map(of_events, raw[1]))
    if raw[0] == "not":
        return of_events(raw[1])
    return raw[1] not in {*OF_VISITS, *OF_FIRST, *CLOCKS}


def ordered(question: Question, groups: Mapping[Group, Sequence[Any]]) -> list[list[Any]]:
    """Rows in the order that is asked for: what is unknown last, ties by the dimensions' values."""
    rows = sorted([*key, *values] for key, values in groups.items())
    for column, falling in reversed(question.order):
        rows.sort(key=lambda row: (row[column] is None) != falling, reverse=falling)
        known = [row for row in rows if row[column] is not None]
        known.sort(key=lambda row: row[column], reverse=falling)
        rows = known + [row for row in rows if row[column] is None]
    return rows


UTC = ZoneInfo("UTC")
