"""GET /api/v1/reports/explorer: which events there are, which properties one has, and which values one of those."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.entry import sharing
from queries.errors import Refused
from queries.inquiry import AnswerMeta
from queries.questions import dimensions, spans
from queries.questions.dimensions import PROPERTY
from queries.reports import values
from queries.reports.answer import ReportAnswer, share
from queries.reports.view import BOTS_COUNT, FILTER, View, look, view
from queries.request import limit_of, only
from queries.route import Call, Parameter, Route
from queries.service import QueryService

#: properties of an event that are looked at, those that were seen most often
MOST_PROPERTIES = 100
_TOO_MANY = f"There are more properties: these are the {MOST_PROPERTIES} that were seen most often."
_ODD = "Properties whose names have quotes, brackets, backslashes or control characters are left out."
PARAMETERS = (
    Parameter("event", str, "name of the events whose properties are asked for; which events there are, without it"),
    Parameter("property", str, "path of the property of `event` whose values are asked for: item.price"),
    Parameter("limit", int, "most events or values in the answer, 1 to 1000", "100"),
    *spans.PARAMETERS,
    FILTER,
    BOTS_COUNT,
)


class EventFound(msgspec.Struct, frozen=True):
    """Events of one name; the first and the last in the span."""

    event: str
    events: int
    visitors: int
    first_seen: datetime
    last_seen: datetime


class TypeFound(msgspec.Struct, frozen=True):
    """In how many events a property has this type."""

    type: str
    events: int


class PropertyFound(msgspec.Struct, frozen=True):
    """In how many of the events it is, their share, and how many different values it has."""

    property: str
    types: list[TypeFound]
    events: int
    share: float | None
    values: int


class ValueFound(msgspec.Struct, frozen=True):
    """One value, as text; all numbers are of the type number."""

    value: str
    type: str
    events: int
    visitors: int


class PropertyDescribed(PropertyFound, frozen=True):
    """One property; least, greatest and mean of those values that are numbers."""

    min: float | None
    max: float | None
    mean: float | None
    top: list[ValueFound]


class Explored(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: `events` without an event, `properties` of an event, or `property` of one."""

    period: str
    event: str = ""
    #: events of the span, of this name where one was asked for
    count: int
    events: list[EventFound] = []
    properties: list[PropertyFound] = []
    property: PropertyDescribed | None = None


async def explorer(service: QueryService, call: Call) -> ReportAnswer[Explored]:
    """Of the key's project."""
    only(call.query, PARAMETERS)
    if call.query.keys() & {"event", "property"}:
        sharing.withhold("properties hold what a producer put there")
    span = spans.read(call.query, moment.now_ms())
    limit, event = limit_of(call.query, "100"), _event(call.query)
    looked = view(call.query, call.project, span)
    if not event:
        if "property" in call.query:
            raise Refused(400, "property: is of an event: name that one, too.")
        (rows,), meta = await look(service, call.project, values.events(looked, limit))
        found = [EventFound(*row[1:4], *map(moment.utc, row[4:])) for row in rows]
        return _answer(meta, Explored(period=span.label, count=rows[0][0] if rows else 0, events=found))
    looked = _of_event(looked, event)
    if "property" in call.query:
        return await _property(service, call, looked, span.label, event)
    return await _properties(service, call, looked, span.label, event)


async def _properties(
    service: QueryService, call: Call, looked: View, period: str, event: str
) -> ReportAnswer[Explored]:
    names = await service.store.rows(values.names(call.project.id, event, MOST_PROPERTIES + 1))
    warnings = [_TOO_MANY] if len(names) > MOST_PROPERTIES else []
    among = []
    for (name,) in names[:MOST_PROPERTIES]:
        try:
            among.append(dimensions.find(PROPERTY + name, "property"))
        except Refused:
            warnings = [*(one for one in warnings if one != _ODD), _ODD]
    (rows,), meta = await look(service, call.project, values.properties(looked, among))
    by_name = {name: row for name, *row in rows}
    whole = by_name.pop("", [0])[0]
    found = [
        PropertyFound(name, _types(types), events, share(events, whole), different)
        for name, (events, types, different) in by_name.items()
    ]
    found.sort(key=lambda one: (-one.events, one.property))
    explored = Explored(period=period, event=event, count=whole, properties=found)
    return _answer({**meta, "warnings": warnings}, explored)


async def _property(service: QueryService, call: Call, looked: View, period: str, event: str) -> ReportAnswer[Explored]:
    path = call.query["property"]
    one = dimensions.find(PROPERTY + path, "property")
    statements = values.summary(looked, one), values.values(looked, one, limit_of(call.query, "100"))
    (summary, top), meta = await look(service, call.project, *statements)
    ((whole, events, types, different, least, greatest, mean),) = summary
    described = PropertyDescribed(
        *(path, _types(types), events, share(events, whole), different),
        *(least, greatest, mean),
        [ValueFound(value, kind, *counts) for kind, value, *counts in top],
    )
    return _answer(meta, Explored(period=period, event=event, count=whole, property=described))


def _of_event(looked: View, event: str) -> View:
    return View(looked.binder, f"{looked.where} AND name = {looked.binder.bind(event, 'String')}")


def _event(asked: Mapping[str, str]) -> str:
    name = asked.get("event", "")
    if len(name) > 255 or not name.isprintable():
        raise Refused(400, "event: must be at most 255 printable characters.")
    return name


def _types(counted: Mapping[str, int]) -> list[TypeFound]:
    return [TypeFound(name, events) for name, events in sorted(counted.items()) if name]


def _answer(meta: AnswerMeta, explored: Explored) -> ReportAnswer[Explored]:
    return ReportAnswer(data=explored, meta=meta)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/reports/explorer",
        explorer,
        ReportAnswer[Explored],
        "Which events, properties and values there are",
        Kind.QUERY,
        parameters=PARAMETERS,
    ),
)
