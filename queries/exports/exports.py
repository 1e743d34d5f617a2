"""Exports over HTTP: the events of a stretch of time as CSV, NDJSON or Parquet, and how many each hour has."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import msgspec

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.exports import export
from queries.exports.export import EXPORT_PARAMETERS, FORMATS, HOURS_PARAMETERS, MOST_EVENTS
from queries.freshness import fresh_through
from queries.management import Answer
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement
from queries.streamed import Streamed

#: an error comes before the first byte, or not at all: a file must not end in the words of an error
_SETTINGS = {
    "wait_end_of_query": 1,
    "max_result_rows": MOST_EVENTS,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_escape_forward_slashes": 0,
    "output_format_parquet_string_as_string": 1,
}


class Hour(msgspec.Struct, frozen=True):
    """Events that occurred in the hour that begins then."""

    at: datetime
    events: int


class Hours(msgspec.Struct, frozen=True):
    """Of what arrived before `before` (Unix milliseconds): the hours that have any event."""

    project: str
    before: int
    events: int
    hours: list[Hour]


async def export_events(service: QueryService, call: Call) -> Streamed:
    """Of the key's project."""
    shards = await service.freshness.read()
    chosen, written = export.read_export(call.query, call.project.id, fresh_through(shards))
    statement = export.events(chosen, written)
    chunks = _chunks(service, chosen.project, statement, written.clickhouse)
    return Streamed(FORMATS[written.format][1], chunks, f"events.{written.format}")


async def list_hours(service: QueryService, call: Call) -> Answer[Hours]:
    """Of the key's project."""
    shards = await service.freshness.read()
    chosen = export.read_hours(call.query, call.project.id, fresh_through(shards))
    async with service.gate.enter(chosen.project):
        rows = await service.store.rows(export.hours(chosen))
    found = [Hour(moment.utc(at), events) for at, events in rows]
    return Answer(data=Hours(chosen.project, chosen.before, sum(one.events for one in found), found))


async def _chunks(service: QueryService, project: str, statement: Statement, form: str) -> AsyncGenerator[bytes, None]:
    async with service.gate.enter(project), aclosing(service.store.stream(statement, form, _SETTINGS)) as chunks:
        async for chunk in chunks:
            yield chunk


_MEDIA = tuple(kind.partition(";")[0] for _, kind in FORMATS.values())
ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/v1/export", export_events, Streamed, "Events as a file", Kind.QUERY, None, EXPORT_PARAMETERS,
          media=_MEDIA),
    Route("GET", "/api/v1/export/hours", list_hours, Answer[Hours], "Events of each hour", Kind.QUERY, None,
          HOURS_PARAMETERS),
)  # fmt: skip
