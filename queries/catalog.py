"""The catalog over HTTP: which events and properties were seen, since when, and how often. Each function is a route."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from queries import request
from queries.management import Answer
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement

_EVENTS = """
SELECT name, sumIf(events, day > toDate(now('UTC')) - {days:UInt16}), min(first_ms), max(last_ms)
FROM catalog_events FINAL WHERE project = {project:String} AND ({name:String} = '' OR name = {name:String})
GROUP BY name ORDER BY max(last_ms) DESC, name"""
_PROPERTIES = """
SELECT property, type, sumIf(events, day > toDate(now('UTC')) - {days:UInt16}), min(first_ms), max(last_ms)
FROM catalog_properties FINAL WHERE project = {project:String} AND name = {name:String}
GROUP BY property, type ORDER BY property, type"""


class EventSeen(msgspec.Struct, frozen=True):
    """Events of one name. Times are those of arrival."""

    name: str
    #: of the days that were asked for
    events: int
    first_seen: datetime
    last_seen: datetime


class Catalog(msgspec.Struct, frozen=True):
    """The names that were seen last come first."""

    days: int
    events: list[EventSeen]
    #: events whose names are too many to be kept apart
    more: int


class TypeSeen(msgspec.Struct, frozen=True):
    """One type that a property had."""

    type: str
    events: int


class PropertySeen(msgspec.Struct, frozen=True):
    """One property: in how many events of its name it was, and their share of all of that name, from 0 to 1."""

    property: str
    types: list[TypeSeen]
    events: int
    share: float
    first_seen: datetime
    last_seen: datetime


class EventDescribed(msgspec.Struct, frozen=True):
    """Events of one name, and their properties by name."""

    days: int
    name: str
    events: int
    first_seen: datetime
    last_seen: datetime
    properties: list[PropertySeen]
    #: how often there was a property whose name is too long, or one too many, to be kept
    more: int


async def list_catalog(service: QueryService, call: Call) -> Answer[Catalog]:
    """Of the key's project."""
    days = request.read_catalog(call.query)
    rows = await service.store.rows(_statement(_EVENTS, call.project.id, "", days))
    more = sum(events for name, events, *_ in rows if not name)
    return Answer(data=Catalog(days, [EventSeen(*row[:2], *map(moment.utc, row[2:])) for row in rows if row[0]], more))


async def describe_event(service: QueryService, call: Call) -> Answer[EventDescribed]:
    """Of the key's project."""
    days, name = request.read_catalog(call.query), call.path["name"]
    rows = await service.store.rows(_statement(_EVENTS, call.project.id, name, days))
    if not rows:
        raise NotThere(f"No event named {name[:100]!r} was counted yet. New names are within two minutes.")
    (_, events, first, last), *_ = rows
    found = await service.store.rows(_statement(_PROPERTIES, call.project.id, name, days))
    properties = _properties([row for row in found if row[1]], events)
    more = sum(row[2] for row in found if not row[1])
    return Answer(data=EventDescribed(days, name, events, moment.utc(first), moment.utc(last), properties, more))


def _properties(rows: Iterable[Sequence[Any]], events: int) -> list[PropertySeen]:
    by_name: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        by_name.setdefault(row[0], []).append(row[1:])
    found = []
    for name, types in by_name.items():
        counted = sum(count for _, count, _, _ in types)
        first, last = min(row[2] for row in types), max(row[3] for row in types)
        kinds = [TypeSeen(kind, count) for kind, count, _, _ in types]
        share = round(counted / events, 4) if events else 0.0
        found.append(PropertySeen(name, kinds, counted, share, moment.utc(first), moment.utc(last)))
    return found


def _statement(text: str, project: str, name: str, days: int) -> Statement:
    return Statement(text, {"project": project, "name": name, "days": days})


_CATALOG = "/api/v1/catalog"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _CATALOG,
        list_catalog,
        Answer[Catalog],
        "Events that were seen",
        Kind.QUERY,
        parameters=request.CATALOG_PARAMETERS,
    ),
    Route(
        "GET",
        f"{_CATALOG}/{{name}}",
        describe_event,
        Answer[EventDescribed],
        "Properties that were seen",
        Kind.QUERY,
        parameters=request.CATALOG_PARAMETERS,
    ),
)
