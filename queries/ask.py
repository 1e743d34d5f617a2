"""POST /api/v2/query: several metrics by several dimensions, with nested filters, order, pages and comparisons."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.inquiry import AnswerMeta, Inquiry, inquire
from queries.questions import dimensions, filters, measures, page, series, spans
from queries.questions.bots import Bots
from queries.questions.question import MAX_DIMENSIONS, MAX_LIMIT, MAX_METRICS, MAX_OFFSET, Question, check
from queries.questions.series import Row
from queries.questions.spans import Span
from queries.request import quoted
from queries.route import Call, Route
from queries.service import QueryService

Name = Annotated[str, Meta(max_length=300)]
Time = Annotated[str, Meta(max_length=100)]
Value = int | float | None


class Include(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else is told."""

    comparison: Annotated[Literal["previous"] | None, Meta(description="the same of the span before")] = None
    totals: Annotated[bool, Meta(description="the metrics of all rows together")] = False
    total_rows: Annotated[bool, Meta(description="how many rows there are on all pages")] = False
    time_labels: Annotated[bool, Meta(description="all intervals, and those that are not complete")] = False


class Pagination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows are told."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = 1000
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET)] = 0
    cursor: Annotated[str, Meta(max_length=100, description="of the page before, in place of an offset")] = ""


class QueryToAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in full."""

    metrics: Annotated[
        tuple[Name, ...], Meta(min_length=1, max_length=MAX_METRICS, description="visitors, p95(properties.price)")
    ]
    dimensions: Annotated[
        tuple[Name, ...], Meta(max_length=MAX_DIMENSIONS + 1, description="country, properties.plan, time:day")
    ] = ()
    date_range: Annotated[
        Time | Annotated[tuple[Time, ...], Meta(min_length=2, max_length=2)],
        Meta(description="24h, 30d, today, month, all; or two times, the second exclusive"),
    ] = "24h"
    timezone: Annotated[str, Meta(max_length=100, description="IANA name of the zone whose days are meant")] = "UTC"
    filters: Annotated[list[Any], Meta(description='["is", "country", ["DE"]], or a list of such that all hold')] = []
    order_by: Annotated[
        tuple[tuple[Name, Literal["asc", "desc"]], ...], Meta(max_length=MAX_METRICS + MAX_DIMENSIONS + 1)
    ] = ()
    include: Include = Include()
    pagination: Pagination = Pagination()
    site_id: Annotated[str, Meta(max_length=127, description="events of this site, and those that name none")] = ""
    bots: Annotated[Bots, Meta(description="whether events of declared crawlers count")] = "exclude"
    approximate: Annotated[bool, Meta(description="estimates of people and percentiles will do")] = False


class Compared(msgspec.Struct, frozen=True):
    """The same metrics in the span before, and by which share each grew since."""

    metrics: list[Value]
    change: list[float | None]


class ResultRow(msgspec.Struct, frozen=True, kw_only=True):
    """Values in the order in which they were asked for."""

    dimensions: list[str | int]
    metrics: list[Value]
    comparison: Compared | UnsetType = UNSET


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """The question as it was understood: times are ISO 8601, the end is null where it is open."""

    metrics: list[str]
    dimensions: list[str]
    date_range: tuple[str, str | None]
    comparison_range: tuple[str, str | None] | UnsetType = UNSET
    timezone: str
    filters: list[Any]
    order_by: list[tuple[str, str]]
    limit: int
    offset: int
    site_id: str
    bots: Bots
    approximate: bool


class Included(TypedDict, total=False):
    """What was asked for besides the rows, and the cursor where there are more."""

    total_rows: int
    totals: list[Value]
    comparison_totals: list[Value]
    time_labels: list[str]
    partial_time_labels: list[str]
    cursor: str


class QueryMeta(AnswerMeta, Included):
    """What is told beside the rows."""


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of POST /api/v2/query."""

    results: list[ResultRow]
    meta: QueryMeta
    query: Understood


def read(asked: QueryToAsk, project: str, now: int) -> Question:
    """The body. Raises `Refused` naming the place."""
    metrics = tuple(measures.find(name, f"metrics[{index}]") for index, name in enumerate(asked.metrics))
    if len(set(asked.metrics)) < len(metrics):
        raise Refused(400, "metrics: names one twice.")
    by = tuple(dimensions.find_or_time(name, f"dimensions[{index}]") for index, name in enumerate(asked.dimensions))
    check(metrics, by, "dimensions")
    question = Question(
        project,
        metrics,
        _span(asked, now),
        by,
        filters.parse(asked.filters),
        asked.site_id,
        asked.bots,
        limit=asked.pagination.limit,
        offset=asked.pagination.offset,
        approximate=asked.approximate,
    )
    question = page.turned(replace(question, order=_order(asked, question)), asked.pagination.cursor)
    return _cut(question, now)


async def query(service: QueryService, call: Call) -> QueryAnswer:
    """Of the key's project."""
    asked: QueryToAsk = call.body
    now = moment.now_ms()
    question = read(asked, call.project.id, now)
    before = None
    if asked.include.comparison:
        before = _cut(replace(question, span=spans.previous(question.span, now)), now)
    async with inquire(service, call.project, asked.site_id) as inquiry:
        inquiry.warn(question, call.project)
        rows, more = await _rows(inquiry, question)
        inquiry.warn_of_unknown(question.dimensions, rows)
        if more:
            inquiry.warnings.append("There are more rows: ask for them with the cursor.")
        results = (
            await _compared(inquiry, question, before, rows) if before else [_shown(question, row) for row in rows]
        )
        included = await _included(inquiry, asked.include, question, before)
    if more:
        included["cursor"] = page.next_cursor(question)
    meta: QueryMeta = {**inquiry.meta(), **included}
    return QueryAnswer(results=results, meta=meta, query=_understood(asked, question, before))


def _span(asked: QueryToAsk, now: int) -> Span:
    given = {"timezone": asked.timezone}
    if isinstance(asked.date_range, str):
        given["period"] = asked.date_range
    else:
        given |= {"from": asked.date_range[0], "to": asked.date_range[1]}
    try:
        return spans.read(given, now)
    except Refused as refused:
        named = "" if refused.message.startswith("timezone") else "date_range: "
        raise Refused(400, f"{named}{refused.message}") from refused


def _cut(question: Question, now: int) -> Question:
    """With the intervals of its time."""
    if question.time is None:
        return question
    return replace(question, edges=spans.starts(question.span, question.dimensions[question.time].interval, now))


def _order(asked: QueryToAsk, question: Question) -> tuple[tuple[int, bool], ...]:
    """As asked for; else by time, then by the first metric, the greatest first."""
    columns = [*asked.dimensions, *asked.metrics]
    if not asked.order_by:
        time = [] if question.time is None else [(question.time, False)]
        return (*time, (len(asked.dimensions), True))
    for index, (name, _) in enumerate(asked.order_by):
        if name not in columns:
            raise Refused(400, f"order_by[{index}][0]: {quoted(name)} is neither a metric nor a dimension of yours.")
    return tuple((columns.index(name), direction == "desc") for name, direction in asked.order_by)


async def _rows(inquiry: Inquiry, question: Question) -> tuple[list[Row], bool]:
    """One page, and whether there are more. Of a time alone every interval is a row."""
    limit = question.limit or 0
    if question.time is None or len(question.dimensions) > 1:
        rows: list[Row] = list(await inquiry.rows(replace(question, limit=limit + 1)))
        return rows[:limit], len(rows) > limit
    found = series.filled(question, await inquiry.rows(replace(question, limit=None)))
    rows = [(start, *values) for start, values in zip(question.edges, found, strict=False)]
    for column, falling in reversed(question.order):
        rows.sort(key=lambda row: (_last(row[column], falling), row[column] or 0), reverse=falling)
    return rows[question.offset : question.offset + limit], len(rows) > question.offset + limit


def _last(value: Value, falling: bool) -> bool:
    """Sorts what is unknown behind the rest, in both directions."""
    return (value is None) != falling


def _shown(question: Question, row: Row, comparison: Compared | UnsetType = UNSET) -> ResultRow:
    """One row, its time as the clocks show it."""
    width = len(question.dimensions)
    values = list(row[:width])
    if question.time is not None:
        values[question.time] = spans.label(values[question.time], question.span.zone)
    return ResultRow(dimensions=values, metrics=list(row[width:]), comparison=comparison)


async def _compared(inquiry: Inquiry, question: Question, before: Question, rows: Sequence[Row]) -> list[ResultRow]:
    """Each row beside the one of the span before that has the same values, and the same place in time."""
    width, nothing = len(question.dimensions), series.empty(question)
    groups = {tuple(value for index, value in enumerate(row[:width]) if index != question.time) for row in rows}
    among = tuple(sorted(groups)) if groups and groups != {()} else None
    earlier = await inquiry.rows(replace(before, among=among, limit=None, offset=0)) if rows else []
    known = {_place(before, row): list(row[width:]) for row in earlier}
    shown = []
    for row in rows:
        place = _place(question, row)
        there = question.time is None or place[question.time] < len(before.edges) - 1
        metrics = known.get(place, nothing if there else [None] * len(nothing))
        change = [series.change(value, was) for value, was in zip(row[width:], metrics, strict=True)]
        shown.append(_shown(question, row, Compared(metrics, change)))
    return shown


def _place(question: Question, row: Row) -> tuple[Any, ...]:
    values = list(row[: len(question.dimensions)])
    if question.time is not None:
        values[question.time] = series.place(question, values[question.time])
    return tuple(values)


async def _included(inquiry: Inquiry, include: Include, question: Question, before: Question | None) -> Included:
    more: Included = {}
    if include.totals:
        more["totals"] = await _totals(inquiry, question)
        if before:
            more["comparison_totals"] = await _totals(inquiry, before)
    if include.total_rows:
        alone = question.time is not None and len(question.dimensions) == 1
        more["total_rows"] = len(question.edges) - 1 if alone else await inquiry.total(question)
    if include.time_labels and question.edges:
        labels = series.labels(question)
        cut = series.partial(question, inquiry.fresh_through)
        more["time_labels"] = labels
        more["partial_time_labels"] = [label for label, partial in zip(labels, cut, strict=True) if partial]
    return more


async def _totals(inquiry: Inquiry, question: Question) -> list[Value]:
    return list((await inquiry.rows(replace(question, dimensions=(), order=(), limit=None, offset=0)))[0])


def _understood(asked: QueryToAsk, question: Question, before: Question | None) -> Understood:
    columns = [*asked.dimensions, *asked.metrics]
    return Understood(
        metrics=list(asked.metrics),
        dimensions=list(asked.dimensions),
        date_range=_range(question),
        comparison_range=_range(before) if before else UNSET,
        timezone=question.span.zone.key,
        filters=asked.filters,
        order_by=[(columns[index], "desc" if falling else "asc") for index, falling in question.order],
        limit=question.limit or 0,
        offset=question.offset,
        site_id=question.site_id,
        bots=question.bots,
        approximate=question.approximate,
    )


def _range(question: Question) -> tuple[str, str | None]:
    zone = question.span.zone
    return spans.label(question.span.since, zone), None if question.until is None else spans.label(question.until, zone)


ROUTES = (Route("POST", "/api/v2/query", query, QueryAnswer, "A question in full", Kind.QUERY, QueryToAsk, reads=True),)
