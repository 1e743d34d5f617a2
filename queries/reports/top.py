"""GET /api/v1/reports/top: the usual lists, the greatest first, in one answer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.inquiry import Inquiry, inquire
from queries.questions import filters, measures, short_filter, sources, spans
from queries.questions.bots import BOTS
from queries.questions.dimensions import DIMENSIONS
from queries.questions.filters import And, Leaf
from queries.questions.question import Question
from queries.reports.answer import ReportAnswer
from queries.request import bots_of, limit_of, only, quoted
from queries.route import Call, Parameter, Route
from queries.service import QueryService
from queries.sql import Statement

MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class List:
    """`counted`: the metric beside visitors, which settles the order where they are even."""

    dimension: str
    counted: str = "page_views"
    #: leave out the value ''
    known: bool = False


#: of events
_OF_EVENTS = {
    "pages": List("viewed_page", known=True),
    "countries": List("country"),
    "devices": List("device_type"),
    "browsers": List("browser"),
    "events": List("event", "event_count"),
}
#: of sessions: what brought a visit, and where it began and ended
_OF_SESSIONS = {"entry_pages": "entry_page", "exit_pages": "exit_page", "sources": "source", "channels": "channel"}
LISTS = ("pages", "entry_pages", "exit_pages", "sources", "channels", "countries", "devices", "browsers", "events")
PARAMETERS = (
    *(one if one.name != "period" else replace(one, default="30d") for one in spans.PARAMETERS),
    Parameter("lists", str, f"which lists, with commas between; all when it is left out: {', '.join(LISTS)}"),
    Parameter("filter", str, 'only such events: country==DE;page~=/blog, or a JSON array ["is", "country", ["DE"]]'),
    Parameter("site_id", str, "only events of this site of the project, and events that name no site"),
    Parameter("bots", str, "whether events of declared crawlers count", "exclude", BOTS),
    Parameter("limit", int, f"most entries of a list, 1 to {MAX_LIMIT}", "10"),
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a list, '' where nothing is known."""

    value: str
    visitors: int
    page_views: int | UnsetType = UNSET
    events: int | UnsetType = UNSET
    sessions: int | UnsetType = UNSET


class Top(msgspec.Struct, frozen=True):
    """Each list that was asked for."""

    period: str
    lists: dict[str, list[Entry]]


@dataclass(frozen=True, slots=True)
class Asked:
    """`question` has what all lists have in common."""

    question: Question
    lists: tuple[str, ...]
    limit: int


async def top(service: QueryService, call: Call) -> ReportAnswer[Top]:
    """Of the key's project."""
    asked = read(call.query, call.project.id, moment.now_ms())
    async with inquire(service, call.project, asked.question.site_id) as inquiry:
        inquiry.warn(asked.question, call.project)
        of_events = [name for name in asked.lists if name in _OF_EVENTS]
        found = await asyncio.gather(*(_of_events(inquiry, asked, name) for name in of_events))
        lists = dict(zip(of_events, found, strict=True))
        if len(of_events) < len(asked.lists):
            lists |= shape(asked, await inquiry.ask(of_sessions(asked)))
    shown = Top(asked.question.span.label, {name: lists[name] for name in asked.lists})
    return ReportAnswer(data=shown, meta=inquiry.meta())


def read(asked: Mapping[str, str], project: str, now: int) -> Asked:
    """The query string. Raises `Refused` naming the parameter."""
    only(asked, PARAMETERS)
    names = asked["lists"].split(",") if asked.get("lists") else LISTS
    if unknown := [name for name in names if name not in LISTS]:
        raise Refused(400, f"lists: {quoted(unknown[0])} is not known. Known: {', '.join(LISTS)}.")
    ranged = asked.keys() & {"period", "from", "to"}
    question = Question(
        project,
        (),
        spans.read(asked if ranged else {**asked, "period": "30d"}, now),
        filter=short_filter.parse(asked["filter"]) if "filter" in asked else filters.EVERYTHING,
        site_id=asked.get("site_id", ""),
        bots=bots_of(asked),
    )
    return Asked(question, tuple(dict.fromkeys(names)), limit_of(asked, "10", MAX_LIMIT))


def of_events(asked: Asked, name: str) -> Question:
    """The question behind a list of events: value, visitors, what else is counted."""
    listed = _OF_EVENTS[name]
    question = asked.question
    if listed.known:
        question = replace(question, filter=And((question.filter, Leaf("is_set", DIMENSIONS[listed.dimension]))))
    return replace(
        question,
        metrics=tuple(measures.find(metric, "lists") for metric in ("visitors", listed.counted)),
        dimensions=(DIMENSIONS[listed.dimension],),
        order=((1, True), (2, True)),
        limit=asked.limit,
    )


def of_sessions(asked: Asked) -> Statement:
    """A row for each entry: which list, value, visitors, sessions, page views. One pass for all lists of sessions."""
    binder = sources.binder(asked.question)
    source = sources.sessions(asked.question, binder)
    columns = [column for name, column in _OF_SESSIONS.items() if name in asked.lists]
    numbers = ", ".join(f"grouping({column}) = 0, '{column}'" for column in columns)
    values = ", ".join(f"list = '{column}', {column}" for column in columns)
    text = (
        f"SELECT multiIf({numbers}, '') AS list, multiIf({values}, '') AS value, uniqExact(visitor) AS visitors, "
        f"count() AS sessions, sum(page_views) AS views {source.text} "
        f"GROUP BY GROUPING SETS ({', '.join(f'({column})' for column in columns)}) "
        f"ORDER BY visitors DESC, sessions DESC, value LIMIT {asked.limit} BY list"
    )
    return Statement(text, binder.parameters)


def shape(asked: Asked, rows: Sequence[Sequence[Any]]) -> dict[str, list[Entry]]:
    """Rows of `of_sessions`."""
    return {
        name: [
            Entry(value=value, visitors=visitors, sessions=sessions, page_views=views)
            for listed, value, visitors, sessions, views in rows
            if listed == column
        ]
        for name, column in _OF_SESSIONS.items()
        if name in asked.lists
    }


async def _of_events(inquiry: Inquiry, asked: Asked, name: str) -> list[Entry]:
    rows = await inquiry.rows(of_events(asked, name))
    if _OF_EVENTS[name].counted == "event_count":
        return [Entry(value=value, visitors=visitors, events=count) for value, visitors, count in rows]
    return [Entry(value=value, visitors=visitors, page_views=count) for value, visitors, count in rows]


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/reports/top",
        top,
        ReportAnswer[Top],
        "The usual lists",
        Kind.QUERY,
        parameters=PARAMETERS,
    ),
)
