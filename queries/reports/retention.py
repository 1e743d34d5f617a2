"""POST /api/v1/reports/retention: who comes back, cohort by cohort, so many days, weeks or months later."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.questions import spans
from queries.reports import people
from queries.reports.answer import ReportAnswer, answered
from queries.reports.asked import Asked, Happening, Scope, scope
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement

MAX_PERIODS = 90
_SIZE = -1


class RetentionAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/reports/retention"""

    start: Annotated[Happening, Meta(description="what somebody belongs to a cohort by: the first in the range")] = (
        Happening()
    )
    back: Annotated[Happening, Meta(description="what counts as coming back")] = Happening()
    interval: Literal["day", "week", "month"] = "day"
    mode: Annotated[
        Literal["on", "on_or_after"], Meta(description="come back in just that period, or in that or any later one")
    ] = "on"
    by: Literal["person", "visitor"] = "person"


class Cohort(msgspec.Struct, frozen=True):
    """Who started in the period that begins at `start`; `counts[n]` of them came back n periods later."""

    start: str
    size: int
    counts: list[int]


class Retention(msgspec.Struct, frozen=True):
    """A cohort for each period of the range, also where nobody started."""

    period: str
    interval: str
    mode: str
    by: str
    cohorts: list[Cohort]


async def retention(service: QueryService, call: Call) -> ReportAnswer[Retention]:
    """Of the key's project."""
    asked: RetentionAsked = call.body
    found = scope(asked, call.project.id, moment.now_ms())
    edges = periods(asked, found)
    warnings = [f"The last {asked.interval} is not over yet."] if edges[-1] > found.now else []
    shaped = partial(shape, asked, found, edges)
    statement = build(asked, found, edges)
    return await answered(service, call.project, asked.site_id, statement, shaped, warnings=warnings)


def periods(asked: RetentionAsked, found: Scope) -> tuple[int, ...]:
    """Starts of the periods that the range touches, and the end of the last. Raises `Refused` where they are many."""
    edges = spans.starts(found.span, asked.interval, found.now)
    if len(edges) - 1 > MAX_PERIODS:
        raise Refused(400, f"interval: gives {len(edges) - 1} cohorts; at most {MAX_PERIODS}. Ask for a shorter range.")
    return edges


def build(asked: RetentionAsked, found: Scope, edges: Sequence[int]) -> Statement:
    """Rows: start of a cohort, start of a period, how many of the cohort came back in it; with -1 how many started.

    With `on_or_after` everybody is in the last period alone in which she came back.
    """
    binder = found.binder
    starts = binder.bind(list(edges[:-1]), "Array(Int64)")
    columns = {
        "at": "toUnixTimestamp64Milli(occurred_at)",
        "starts": found.happens(asked.start.event, asked.start.filters, "start.filters"),
        "comes": found.happens(asked.back.event, asked.back.filters, "back.filters"),
    }
    read = people.events(asked.by, columns, f"{found.read} AND (starts OR comes)", (edges[0], edges[-1]), binder)
    came = "arrayMap(p -> p.1, arrayFilter(p -> p.2 >= first, came_back))"
    if asked.mode == "on_or_after":
        came = f"arraySlice(arrayReverseSort({came}), 1, 1)"
    by_period = (
        f"SELECT who, roundDown(at, {starts}) AS period, minIf(at, starts) AS first_start, max(starts) AS started, "
        "maxIf(at, comes) AS last_back, max(comes) AS returned "
        f"FROM ({read}) GROUP BY who, period"
    )
    by_person = (
        "SELECT who, minIf(first_start, started) AS first, groupArrayIf((period, last_back), returned) AS came_back "
        f"FROM ({by_period}) GROUP BY who HAVING max(started)"
    )
    text = (
        f"SELECT roundDown(first, {starts}) AS cohort, arrayJoin(arrayPushBack({came}, {_SIZE})) AS period, count() "
        f"FROM ({by_person}) GROUP BY cohort, period"
    )
    return Statement(text, binder.parameters)


def shape(asked: RetentionAsked, found: Scope, edges: Sequence[int], rows: Sequence[Sequence[Any]]) -> Retention:
    """Rows of `build`, in the order of time."""
    place = {start: index for index, start in enumerate(edges[:-1])}
    last = len(place)
    sizes, counts = [0] * last, [[0] * (last - index) for index in range(last)]
    for cohort, period, people_of_it in rows:
        if period == _SIZE:
            sizes[place[cohort]] = people_of_it
        else:
            counts[place[cohort]][place[period] - place[cohort]] = people_of_it
    if asked.mode == "on_or_after":
        counts = [[sum(some[offset:]) for offset in range(len(some))] for some in counts]
    labels = [spans.label(start, found.span.zone) for start in edges]
    cohorts = [Cohort(*one) for one in zip(labels[:-1], sizes, counts, strict=True)]
    return Retention(f"{labels[0]}/{labels[-1]}", asked.interval, asked.mode, asked.by, cohorts)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/reports/retention",
        retention,
        ReportAnswer[Retention],
        "Who comes back",
        Kind.QUERY,
        RetentionAsked,
        reads=True,
    ),
)
