"""Measures: public name -> aggregate in ClickHouse's SQL, and what it is worked out of. A new measure is a new row."""

import re
from dataclasses import dataclass
from typing import Literal

from queries.errors import Refused
from queries.questions import dimensions
from queries.questions.binder import Binder
from queries.questions.dimensions import PROPERTY, Dimension
from queries.request import quoted

Of = Literal["events", "persons", "newcomers", "sessions"]


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` is one number. In it, `$number` is a property's number and `$start` the start of what is counted."""

    value: str
    of: Of
    meaning: str
    #: what is 0 of nothing; a mean or a share of nothing is NULL
    counts: bool = True
    #: what takes the place of `value` where an estimate will do
    approximate: str = ""
    of_property: bool = False


def _of_property(value: str, meaning: str, approximate: str = "", *, counts: bool = False) -> Measure:
    return Measure(value, "events", f"{meaning} of a property's numbers", counts, approximate, of_property=True)


def _quantile(share: str, meaning: str) -> Measure:
    return _of_property(
        f"quantileExactInclusiveOrNull({share})($number)", meaning, f"quantileTDigestOrNull({share})($number)"
    )


MEASURES: dict[str, Measure] = {
    "event_count": Measure("count()", "events", "the number of events, each counted once however often it was sent"),
    "page_views": Measure("countIf(is_page_view)", "events", "events that are page views"),
    "visitors": Measure(
        "uniqExactIf(visitor, visitor != '')",
        "events",
        "devices: different client ids, or user ids where there is none, or cookieless visitors of a day",
        approximate="uniqIf(visitor, visitor != '')",
    ),
    "unique_users": Measure(
        "uniqExact(person)",
        "persons",
        "people: a user and the anonymous ids linked to it are one",
        approximate="uniq(person)",
    ),
    "new_users": Measure(
        "uniqExactIf(person, first_seen >= $start AND NOT startsWith(person, 'v:'))",
        "newcomers",
        "people without any event before the range; cookieless visitors are left out",
        approximate="uniqIf(person, first_seen >= $start AND NOT startsWith(person, 'v:'))",
    ),
    "sessions": Measure("count()", "sessions", "sessions that start in the range"),
    "events_per_session": Measure("avgOrNull(events)", "sessions", "mean number of events of these sessions", False),
    "bounce_rate": Measure(
        "countIf(bounced) / nullIf(countIf(page_views > 0), 0)",
        "sessions",
        "share, 0 to 1, of those with a page view that have just one and no action",
        False,
    ),
    "session_duration": Measure(
        "avgOrNull(duration)", "sessions", "mean seconds from their first event to their last", False
    ),
    "sum": _of_property("ifNull(sumKahan($number), 0)", "sum", counts=True),
    "avg": _of_property("avgOrNull($number)", "mean"),
    "min": _of_property("minOrNull($number)", "least"),
    "max": _of_property("maxOrNull($number)", "greatest"),
    "p50": _quantile("0.5", "median"),
    "p95": _quantile("0.95", "95th percentile"),
    "p99": _quantile("0.99", "99th percentile"),
}
_CALL = re.compile(r"([a-z0-9]{3})\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure that is asked for, and the property that it is of."""

    name: str
    measure: Measure
    of: Dimension | None = None

    def value(self, binder: Binder, start: str, *, approximate: bool) -> str:
        """Its aggregate over the rows of its source; `start` is the moment from which on people are new."""
        text = (approximate and self.measure.approximate) or self.measure.value
        number = self.of.figure(binder) if self.of else ""
        return text.replace("$number", number).replace("$start", start)


def find(name: str, where: str, of: str = "") -> Metric:
    """`visitors`, `p95(properties.price)`, or `p95` of the property `of`. Raises `Refused` that names the place."""
    call = _CALL.fullmatch(name)
    if call and not of:
        return _found(name, call[1], call[2], where)
    if not of:
        return _found(name, name, "", where)
    path = of if of.startswith(PROPERTY) else PROPERTY + of
    return _found(f"{name}({path})", name, path, where)


def _found(name: str, measure: str, path: str, where: str) -> Metric:
    known = MEASURES.get(measure)
    if known is None:
        raise Refused(400, f"{where}: {quoted(measure)} is not known. Known: {', '.join(sorted(MEASURES))}.")
    if not path and known.of_property:
        raise Refused(400, f"{where}: {measure} is of a property: {measure}(properties.<path>).")
    if not known.of_property:
        if path or name != measure:
            raise Refused(400, f"{where}: {measure} is of no property.")
        return Metric(name, known)
    of = dimensions.find(path, where)
    if not of.path:
        raise Refused(400, f"{where}: {measure} is of a property: {measure}(properties.<path>).")
    return Metric(name, known, of)
