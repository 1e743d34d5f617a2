"""GET /api/v1/reports/realtime: who is active now, and what happened in each of the last thirty minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project
from queries.questions import spans
from queries.reports.answer import ReportAnswer
from queries.reports.view import BOTS_COUNT, FILTER, look, view
from queries.request import only
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement

MINUTE_MS = 60_000
#: minutes that are shown, the one that runs among them; and for how long somebody counts as active
MINUTES, ACTIVE_MS = 30, 5 * MINUTE_MS
#: values in each list
TOP = 10
PARAMETERS = (FILTER, BOTS_COUNT)

#: a row for all, one for each minute, and those of the lists
_COUNTS = """
SELECT what.1 AS list, what.2 AS value, count() AS events, countIf(viewed) AS views,
    uniqExactIf(whose, whose != '') AS visitors, uniqExactIf(whose, whose != '' AND active) AS active_visitors
FROM (
    SELECT visitor AS whose, is_page_view AS viewed, occurred_at > fromUnixTimestamp64Milli({active:Int64}) AS active,
        arrayJoin([('all', ''), ('minute', toString(intDiv(toUnixTimestamp64Milli(occurred_at), 60000))),
            ('page', if(is_page_view AND url != '', path, '')), ('source', source), ('country', country),
            ('event', name)]) AS what
    FROM events FINAL WHERE $where)
WHERE list IN ('all', 'minute') OR value != ''
GROUP BY list, value
ORDER BY visitors DESC, events DESC, value LIMIT {most:UInt8} BY list"""


class Minute(msgspec.Struct, frozen=True):
    """What happened in a minute, named by its start."""

    minute: datetime
    events: int
    page_views: int
    visitors: int


class Top(msgspec.Struct, frozen=True):
    """One value, in how many events it is, and of how many visitors."""

    value: str
    visitors: int
    events: int


class Realtime(msgspec.Struct, frozen=True):
    """`active_visitors` are those of the last five minutes; all else is of the minutes. Most visitors come first."""

    active_visitors: int
    visitors: int
    minutes: list[Minute]
    pages: list[Top]
    sources: list[Top]
    countries: list[Top]
    events: list[Top]


async def realtime(service: QueryService, call: Call) -> ReportAnswer[Realtime]:
    """Of the key's project."""
    only(call.query, PARAMETERS)
    now = moment.now_ms()
    (rows,), meta = await look(service, call.project, build(call.query, call.project, now))
    return ReportAnswer(data=shape(rows, now), meta=meta)


def build(asked: Mapping[str, str], project: Project, now: int) -> Statement:
    """Rows of list, value, events, page views, visitors, active visitors."""
    first = first_minute(now)
    span = spans.of_times(first * MINUTE_MS, (first + MINUTES) * MINUTE_MS, spans.zone_of("UTC", ""), now, "")
    looked = view(asked, project, span)
    looked.binder.parameters |= {"active": now - ACTIVE_MS, "most": MINUTES}
    return looked.statement(_COUNTS)


def shape(rows: Sequence[Sequence[Any]], now: int) -> Realtime:
    """Every minute is there, whether anything happened or not."""
    lists: dict[str, list[Sequence[Any]]] = {}
    for name, *row in rows:
        lists.setdefault(name, []).append(row)
    ((_, _, _, visitors, active),) = lists.get("all") or [("", 0, 0, 0, 0)]
    happened = {int(value): counts for value, *counts in lists.get("minute", ())}
    first = first_minute(now)
    minutes = [
        Minute(moment.utc(minute * MINUTE_MS), *happened.get(minute, (0, 0, 0))[:3])
        for minute in range(first, first + MINUTES)
    ]
    pages, sources, countries, events = (
        [Top(value, seen, count) for value, count, _, seen, _ in lists.get(name, ())[:TOP]]
        for name in ("page", "source", "country", "event")
    )
    return Realtime(active, visitors, minutes, pages, sources, countries, events)


def first_minute(now: int) -> int:
    """The Unix minute that the answer begins with."""
    return now // MINUTE_MS - MINUTES + 1


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/reports/realtime",
        realtime,
        ReportAnswer[Realtime],
        "What happens now",
        Kind.QUERY,
        parameters=PARAMETERS,
    ),
)
