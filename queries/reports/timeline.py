"""GET /api/v1/reports/timeline: what one person did, the latest first, session by session."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import orjson

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.answer import RecentEvent
from queries.errors import Refused
from queries.questions import links, spans
from queries.questions.recent import COLUMNS
from queries.reports import biography, people
from queries.reports.answer import ReportAnswer
from queries.reports.biography import LOOKS, Cursor, Letter, Person
from queries.reports.view import BOTS_COUNT, FILTER, View, look, view
from queries.request import bots_of, event_type_of, limit_of, only, quoted
from queries.route import Call, Parameter, Route
from queries.service import QueryService

#: without a span of its own
_PERIOD = "30d"
_MOST_IDS = 1000
_ASKED: Mapping[str, Letter] = {"user_id": "u", "client_id": "c", "visitor": "v"}
_WHO = "user_id: name whose events are asked for by just one of user_id, client_id and visitor, or everybody's by none."
_PERIODS = next(one for one in spans.PARAMETERS if one.name == "period").description
PARAMETERS = (
    Parameter("user_id", str, "the user, with what the anonymous ids did that are linked to her; everybody without"),
    Parameter("client_id", str, "instead: an anonymous id; where it is linked to a user, the same as that user"),
    Parameter("visitor", str, "instead: a visitor as the dimension has it, a letter, a colon and an id"),
    Parameter("event_type", str, "only events of this name; all when it is left out"),
    Parameter("limit", int, "most events in the answer, 1 to 500", "100"),
    Parameter("cursor", str, "the cursor of an earlier answer: the events before those"),
    *(Parameter("period", str, _PERIODS, _PERIOD) if one.name == "period" else one for one in spans.PARAMETERS),
    FILTER,
    BOTS_COUNT,
)


class Happened(RecentEvent):
    """One event, and its session where it has one: which, since when, and whether it begins with this event."""

    session: str
    session_started_at: datetime | None
    starts_session: bool


class Timeline(msgspec.Struct, frozen=True):
    """Whose events these are, the latest first; `cursor` is empty where nothing earlier is in the span."""

    period: str
    #: empty where the person is no known user
    user_id: str
    #: the anonymous ids whose events are among them
    client_ids: list[str]
    events: list[Happened]
    cursor: str


async def timeline(service: QueryService, call: Call) -> ReportAnswer[Timeline]:
    """Of the key's project."""
    only(call.query, PARAMETERS)
    now, limit = moment.now_ms(), limit_of(call.query, "100", 500)
    given = call.query.keys() & {"period", "from", "to"}
    span = spans.read(call.query if given else {**call.query, "period": _PERIOD}, now)
    looked, before = view(call.query, call.project, span), _before(call.query)
    if name := event_type_of(call.query):
        looked = View(looked.binder, f"{looked.where} AND name = {looked.binder.bind(name, 'String')}")
    person, client_ids = await _person(service, call.project.id, _who(call.query))
    (rows,), meta = await look(service, call.project, biography.page(looked, person, before, limit + 1))
    shown = rows[:limit]
    begun = await _starts(service, call, shown)
    *_, last_ms, last_number = shown[-1] if shown else (0, 0)
    found = Timeline(
        *(span.label, person.id if person.letter == "u" else "", client_ids),
        [_happened(row, begun) for row in shown],
        str(Cursor(last_ms, last_number)) if len(rows) > limit else "",
    )
    return ReportAnswer(data=found, meta=meta)


async def _person(service: QueryService, project: str, asked: Person) -> tuple[Person, list[str]]:
    """Whose events count as those of whoever was asked for, and which anonymous ids are hers."""
    if asked.letter == "c":
        linked = await service.store.rows(links.identities(project, asked.id, 1))
        if not linked:
            return asked, [asked.id]
        asked = Person("u", linked[0][1])
    if asked.letter != "u":
        return asked, []
    ids = await service.store.rows(links.client_ids(project, asked.id, _MOST_IDS))
    return asked, [client_id for (client_id,) in ids]


async def _starts(service: QueryService, call: Call, rows: Sequence[Sequence[Any]]) -> dict[int, tuple[datetime, bool]]:
    """Number of an event -> when its session began, and whether with it. Looks back until that is certain."""
    numbers = {number: (key, at) for *_, session, key, at, number in rows if session}
    found: Sequence[Sequence[Any]] = ()
    for back in LOOKS if numbers else ():
        read = people.of_project(bots_of(call.query))
        async with service.gate.enter(call.project.id):
            found = await service.store.rows(biography.starts(read, call.project.id, numbers, back))
        if not any(uncertain for *_, uncertain in found):
            break
    return {number: (moment.utc(start), bool(first)) for number, start, first, _ in found}


def _happened(row: Sequence[Any], begun: Mapping[int, tuple[datetime, bool]]) -> Happened:
    *fields, session, _, _, number = row
    event: Any = dict(zip((name for name in COLUMNS if name != "position"), fields, strict=True))
    event["properties"] = orjson.loads(event["properties"])
    started_at, starts = begun.get(number, (None, False))
    event |= {"session": session, "session_started_at": started_at, "starts_session": starts}
    shown: Happened = event
    return shown


def _who(asked: Mapping[str, str]) -> Person:
    """Raises `Refused` when several are named."""
    named = [(letter, asked[name]) for name, letter in _ASKED.items() if asked.get(name)]
    if len(named) > 1:
        raise Refused(400, _WHO)
    letter, one = named[0] if named else ("", "")
    if letter != "v":
        return Person(letter, one)
    for known in _ASKED.values():
        if one.startswith(f"{known}:") and len(one) > 2:
            return Person(known, one[2:])
    raise Refused(400, f"visitor: {quoted(one)} does not begin with c:, u: or v:.")


def _before(asked: Mapping[str, str]) -> Cursor:
    try:
        return Cursor.parse(asked["cursor"]) if "cursor" in asked else Cursor()
    except ValueError as error:
        raise Refused(400, f"cursor: must be {error}.") from error


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/reports/timeline",
        timeline,
        ReportAnswer[Timeline],
        "What one person did",
        Kind.QUERY,
        parameters=PARAMETERS,
    ),
)
