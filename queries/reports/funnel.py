"""POST /api/v1/reports/funnel: how many take some steps one after the other, and how long it takes them."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.questions import dimensions
from queries.reports import attempts
from queries.reports.answer import ReportAnswer, answered, seconds, share
from queries.reports.asked import Asked, By, Scope, scope
from queries.reports.attempts import Step
from queries.request import quoted
from queries.route import Call, Route
from queries.service import QueryService

_WINDOW = re.compile(r"([1-9][0-9]{0,7})([smhdw])")
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_LONGEST = 366 * _UNITS["d"]


class StepAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events of this name that pass the filters."""

    event: Annotated[str, Meta(min_length=1, max_length=255)]
    filters: list[Any] = []


class FunnelAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/reports/funnel"""

    steps: Annotated[list[StepAsked], Meta(min_length=2, max_length=20)]
    window: Annotated[str, Meta(max_length=20, description="no step later than that after the first: 30m, 7d")] = "7d"
    order: Annotated[Literal["ordered", "strict"], Meta(description="strict: with nothing else in between")] = "ordered"
    by: Annotated[By, Meta(description="who takes the steps")] = "person"
    breakdown: Annotated[str, Meta(max_length=300, description="a dimension of the first step's event")] = ""
    limit: Annotated[int, Meta(ge=1, le=100, description="values of the breakdown, those of most people first")] = 10


class StepTaken(msgspec.Struct, frozen=True):
    """How many took it; `dropped` took the step before and not this one. Shares and times are null of nobody."""

    event: str
    count: int
    dropped: int
    conversion: float | None
    conversion_from_previous: float | None
    median_seconds: float | None
    mean_seconds: float | None


class Part(msgspec.Struct, frozen=True):
    """Those whose first step has this value of the dimension."""

    value: str
    steps: list[StepTaken]


class Funnel(msgspec.Struct, frozen=True):
    """All of them, and apart by the breakdown's values."""

    period: str
    by: str
    steps: list[StepTaken]
    breakdown: list[Part]


async def funnel(service: QueryService, call: Call) -> ReportAnswer[Funnel]:
    """Of the key's project."""
    asked: FunnelAsked = call.body
    found = scope(asked, call.project.id, moment.now_ms())
    statement = attempts.build(read(asked, found))
    shaped = partial(shape, asked, found.span.label)
    return await answered(service, call.project, asked.site_id, statement, shaped)


def read(asked: FunnelAsked, found: Scope) -> attempts.Funnel:
    """Checked and complete. Raises `Refused` naming the field."""
    match = _WINDOW.fullmatch(asked.window)
    window = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < window <= _LONGEST:
        raise Refused(400, f"window: {quoted(asked.window)} is not one such as 30s, 15m, 24h or 7d, at most 366d.")
    every = not asked.filters and not asked.site_id
    steps = tuple(
        Step(step.event, found.happens(step.event, step.filters, f"steps[{index}].filters"), every and not step.filters)
        for index, step in enumerate(asked.steps)
    )
    value = ""
    if asked.breakdown:
        dimension = dimensions.find(asked.breakdown, "breakdown")
        if not dimension.event and not dimension.path:
            raise Refused(400, f"breakdown: {dimension.name} belongs to sessions, and the first step is an event.")
        value = f"toString({dimension.text(found.binder)})"
    strict = asked.order == "strict"
    return attempts.Funnel(found, steps, window, strict, asked.by, value, asked.limit)


def shape(asked: FunnelAsked, period: str, rows: Sequence[Sequence[Any]]) -> Funnel:
    """Rows of `attempts.build`; there is none where nobody took the first step."""
    names = [step.event for step in asked.steps]
    nobody = [(0, float("nan"), float("nan"))] * len(names)
    parts = [Part(value, _steps(names, taken)) for _, value, *taken in rows or [(1, "", *nobody)]]
    return Funnel(period, asked.by, parts[0].steps, parts[1:])


def _steps(names: Sequence[str], taken: Sequence[tuple[int, float, float]]) -> list[StepTaken]:
    first = before = taken[0][0]
    found = []
    for name, (count, median, mean) in zip(names, taken, strict=True):
        found.append(
            StepTaken(
                *(name, count, before - count, share(count, first), share(count, before)),
                *(seconds(median), seconds(mean)),
            )
        )
        before = count
    return found


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/reports/funnel",
        funnel,
        ReportAnswer[Funnel],
        "How many take some steps",
        Kind.QUERY,
        FunnelAsked,
        reads=True,
    ),
)
