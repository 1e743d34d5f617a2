"""GET /api/v1/stats: one number as the PULSE document has it; its intervals, its groups, and the time before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.inquiry import AnswerMeta, Inquiry, inquire
from queries.questions import dimensions, filters, measures, page, series, short_filter, spans
from queries.questions.bots import BOTS
from queries.questions.dimensions import DIMENSIONS, INTERVALS, TIMES, Dimension
from queries.questions.filters import And, Leaf
from queries.questions.measures import MEASURES
from queries.questions.question import MAX_DIMENSIONS, Question, check
from queries.request import bots_of, event_type_of, limit_of, only, quoted
from queries.route import Call, Parameter, Route
from queries.service import QueryService
from queries.store import Rows

Value = int | float | None
Group = tuple[Any, ...]
_METRICS = "; ".join(f"`{name}`, {one.meaning}" for name, one in MEASURES.items())
PARAMETERS = (
    Parameter("metric", str, f"what is counted: {_METRICS}; one of a property is written p95(properties.price)",
              "event_count"),
    Parameter("property", str, "the property that the metric is of, where it is of one: price"),
    *spans.PARAMETERS,
    Parameter("interval", str, "also the value of each interval", choices=INTERVALS),
    Parameter("group_by", str, f"also the value of each group: up to {MAX_DIMENSIONS} dimensions with commas between"),
    Parameter("filter", str, 'only such events: country==DE;page~=/blog, or a JSON array ["is", "country", ["DE"]]'),
    Parameter("compare", str, "also the value of the span before", choices=("previous",)),
    Parameter("limit", int, "most groups in the answer, 1 to 1000", "100"),
    Parameter("cursor", str, "the cursor of an earlier answer: the groups behind it"),
    Parameter("site_id", str, "only events of this site of the project, and events that name no site"),
    Parameter("event_type", str, "only events of this name; all when it is left out"),
    Parameter("bots", str, "whether events of declared crawlers count", "exclude", BOTS),
    Parameter("approximate", str, "whether estimates of different people and percentiles will do", "false",
              ("false", "true")),
)  # fmt: skip


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One interval, by its start as the zone's clocks show it. Of a partial one not all is known."""

    time: str
    value: Value
    previous: Value | UnsetType = UNSET
    partial: Literal[True] | UnsetType = UNSET


class GroupShown(msgspec.Struct, frozen=True, kw_only=True):
    """One combination of the dimensions' values; `change` is a share of what was before."""

    dimensions: dict[str, str | int]
    value: Value
    previous: Value | UnsetType = UNSET
    change: float | UnsetType | None = UNSET
    series: list[Point] | UnsetType = UNSET


class Comparison(msgspec.Struct, frozen=True):
    """The span before."""

    value: Value
    period: str
    change: float | None


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a metric over a period; null where there is nothing to take a mean of."""

    metric: str
    value: Value
    period: str
    series: list[Point] | UnsetType = UNSET
    rows: list[GroupShown] | UnsetType = UNSET
    #: more groups follow
    cursor: str | UnsetType = UNSET
    comparison: Comparison | UnsetType = UNSET


class StatsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of GET /api/v1/stats."""

    success: Literal[True] = True
    data: Stats
    meta: AnswerMeta


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query string means. `question` is of the whole; its `edges` are those of the intervals."""

    question: Question
    by: tuple[Dimension, ...]
    interval: str
    #: the same of the span before
    before: Question | None

    def whole(self, question: Question) -> Question:
        """The one number."""
        return replace(question, limit=None, offset=0)

    def groups(self, question: Question) -> Question:
        """The greatest first."""
        return _grouped(question, self.by)

    def series(self, question: Question, among: tuple[Group, ...] | None) -> Question:
        """A row for each interval, and group."""
        time = TIMES[f"time:{self.interval}"]
        return replace(question, dimensions=(time, *self.by), among=among, limit=None, offset=0)


def read(asked: Mapping[str, str], project: str, now: int) -> Asked:
    """The query string. Raises `Refused` naming the parameter."""
    only(asked, PARAMETERS)
    metric = measures.find(asked.get("metric", "event_count"), "metric", asked.get("property", ""))
    by = tuple(dimensions.find(name, "group_by") for name in asked.get("group_by", "").split(",") if name)
    check((metric,), by, "group_by")
    interval = _one_of(asked, "interval", "", ("", *INTERVALS))
    wanted = [short_filter.parse(asked["filter"])] if "filter" in asked else []
    if event_type := event_type_of(asked):
        wanted.append(Leaf("is", DIMENSIONS["event"], (event_type,)))
    question = Question(
        project,
        (metric,),
        spans.read(asked, now),
        filter=And(tuple(wanted)) if wanted else filters.EVERYTHING,
        site_id=asked.get("site_id", ""),
        bots=bots_of(asked),
        limit=limit_of(asked, "100"),
        approximate=_one_of(asked, "approximate", "false", ("false", "true")) == "true",
    )
    if "cursor" in asked:
        question = replace(page.turned(_grouped(question, by), asked["cursor"]), dimensions=(), order=())
    compare = _one_of(asked, "compare", "", ("", "previous"))
    before = replace(question, span=spans.previous(question.span, now)) if compare else None
    if interval:
        question = replace(question, edges=spans.starts(question.span, interval, now))
        before = before and replace(before, edges=spans.starts(before.span, interval, now))
    return Asked(question, by, interval, before)


async def stats(service: QueryService, call: Call) -> StatsAnswer:
    """Of the key's project."""
    asked = read(call.query, call.project.id, moment.now_ms())
    question, before = asked.question, asked.before
    groups = asked.groups(question)
    async with inquire(service, call.project, question.site_id) as inquiry:
        whole, *found = await inquiry.together(
            asked.whole(question),
            *([asked.whole(before)] if before else []),
            *([replace(groups, limit=(groups.limit or 0) + 1)] if asked.by else []),
        )
        data = Stats(metric=question.metrics[0].name, value=whole[0][0], period=question.span.label)
        if before:
            earlier = found[0][0][0]
            compared = Comparison(earlier, before.span.label, series.change(data.value, earlier))
            data = msgspec.structs.replace(data, comparison=compared)
        inquiry.warn(question, call.project)
        if asked.by:
            data = await _with_groups(inquiry, asked, data, found[-1])
        elif asked.interval:
            data = msgspec.structs.replace(data, series=(await _series(inquiry, asked, None))[()])
    return StatsAnswer(data=data, meta=inquiry.meta())


async def _with_groups(inquiry: Inquiry, asked: Asked, data: Stats, rows: Rows) -> Stats:
    """`rows` are the groups, and one more where there are more."""
    question = asked.groups(asked.question)
    limit = question.limit or 0
    more, rows[limit:] = len(rows) > limit, []
    inquiry.warn_of_unknown(asked.by, rows)
    among = tuple(tuple(row[:-1]) for row in rows)
    drawn = await _series(inquiry, asked, among) if asked.interval and rows else {}
    before: dict[Group, Value] = {}
    if asked.before and rows:
        earlier = replace(asked.groups(asked.before), among=among, limit=None, offset=0)
        before = {tuple(row[:-1]): row[-1] for row in await inquiry.rows(earlier)}
    nothing = series.empty(question)[0]
    shown = []
    for group, value in zip(among, (row[-1] for row in rows), strict=True):
        named = dict(zip((one.name for one in asked.by), group, strict=True))
        one = GroupShown(dimensions=named, value=value, series=drawn.get(group, UNSET))
        if asked.before:
            previous = before.get(group, nothing)
            one = msgspec.structs.replace(one, previous=previous, change=series.change(value, previous))
        shown.append(one)
    if more:
        inquiry.warnings.append("There are more groups: ask for them with the cursor.")
    return msgspec.structs.replace(data, rows=shown, cursor=page.next_cursor(question) if more else UNSET)


async def _series(inquiry: Inquiry, asked: Asked, among: tuple[Group, ...] | None) -> dict[Group, list[Point]]:
    """The points of each group; of `()` where there are none."""
    asking = [asked.series(question, among) for question in (asked.question, asked.before) if question]
    answers = await inquiry.together(*asking)
    found, *others = [_lines(question, among, rows) for question, rows in zip(asking, answers, strict=True)]
    before = others[0] if others else {}
    labels, partial = series.labels(asked.question), series.partial(asked.question, inquiry.fresh_through)
    drawn = {}
    for group, values in found.items():
        earlier: list[Value] | list[UnsetType] = [UNSET] * len(values)
        if asked.before:
            known = before[group][: len(values)]
            earlier = known + [None] * (len(values) - len(known))
        drawn[group] = [
            Point(time=label, value=value, previous=previous, partial=cut or UNSET)
            for label, value, previous, cut in zip(labels, values, earlier, partial, strict=True)
        ]
    return drawn


def _lines(question: Question, among: tuple[Group, ...] | None, rows: Rows) -> dict[Group, list[Value]]:
    """A value for each interval of each group."""
    found: dict[Group, list[Value]] = {
        group: [series.empty(question)[0]] * (len(question.edges) - 1) for group in (among or ((),))
    }
    for start, *group, value in rows:
        found[tuple(group)][series.place(question, start)] = value
    return found


def _grouped(question: Question, by: tuple[Dimension, ...]) -> Question:
    return replace(question, dimensions=by, order=((len(by), True),))


def _one_of(asked: Mapping[str, str], name: str, default: str, known: tuple[str, ...]) -> str:
    given = asked.get(name, default)
    if given not in known or (name in asked and not given):
        raise Refused(400, f"{name}: {quoted(given)} is not one of {', '.join(filter(None, known))}.")
    return given


ROUTES = (
    Route("GET", "/api/v1/stats", stats, StatsAnswer, "A number, a series, groups", Kind.QUERY, None, PARAMETERS),
)
