"""The catalog: which events and properties were seen, since when, and how often. Counted page by page of arrival.

A page is a span of time below what is visible, so nothing can come into it later. It is written down before it is
counted: a run that was ended is taken up with the same page, and what it had counted already is not counted again.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api.progress import read_progress
from ingest_api.stream import Redis, read_install
from workers.clickhouse.visit import visit
from workers.errors import NotNow
from workers.seen import MOST_NAMES, Key, Known, Seen, admitted, folded_events, folded_properties, rows

CURSOR = "headrace:catalog"
#: a run starts no page later than this
RUN_SECONDS = 35.0
#: events of a page, and its span
PAGE_EVENTS, _PAGE_MS = 200_000, 3_600_000
_DAY_MS = 86_400_000
#: as long as the tables keep their rows
_KEEP_MS = 90 * _DAY_MS
_TIMEOUT_SECONDS = 30

_START = (
    "SELECT greatest((SELECT max(upto_ms) FROM catalog_events), (SELECT minIf(_stream_ms, _stream_ms > 0) FROM events))"
)
_END = """
SELECT _stream_ms FROM events WHERE _stream_ms >= {first:UInt64} AND _stream_ms < {until:UInt64}
ORDER BY _stream_ms LIMIT 1 OFFSET {most:UInt64}"""
_EVENTS = """
SELECT project, name, count(), min(_stream_ms), max(_stream_ms) FROM events
WHERE _stream_ms >= {first:UInt64} AND _stream_ms < {until:UInt64} GROUP BY project, name"""
_PROPERTIES = """
SELECT name, if(type = '', '', path), type, count(), min(_stream_ms), max(_stream_ms) FROM (
    SELECT name, _stream_ms, arrayJoin(JSONAllPathsWithTypes(properties)) AS found, found.1 AS path, multiIf(
        length(path) > 500, '', startsWith(found.2, 'Array'), 'array', found.2 = 'String', 'string',
        found.2 = 'Bool', 'boolean', found.2 = 'Float64', 'number', match(found.2, '^U?Int'), 'integer', 'other'
    ) AS type FROM events
    WHERE project = {project:String} AND _stream_ms >= {first:UInt64} AND _stream_ms < {until:UInt64}
) GROUP BY 1, 2, 3"""
_KNOWN_EVENTS = """
SELECT name, max(day), argMax(events, day), min(first_ms), max(upto_ms) FROM catalog_events FINAL
WHERE project = {project:String} GROUP BY name"""
_KNOWN_PROPERTIES = """
SELECT name, property, type, max(day), argMax(events, day), min(first_ms), max(upto_ms) FROM catalog_properties FINAL
WHERE project = {project:String} GROUP BY name, property, type"""
#: names that somebody makes up without end fill neither the memory of ClickHouse nor that of the worker
_BOUNDS = {"max_rows_to_group_by": 200_000, "group_by_overflow_mode": "any"}
_COUNTS = ("day", "events", "first_ms", "last_ms", "upto_ms")


class Page(msgspec.Struct, frozen=True):
    """From Unix ms, until Unix ms. Empty where nothing is under way."""

    first_ms: int
    until_ms: int


async def count(redis: Redis, clickhouse_url: str) -> int:
    """Bring the catalog up to what is visible, or as far as time allows. Returns how many pages were counted.

    Raises `NotNow` or redis-py's errors where a store is away; the next run goes on from there.
    """
    progress = await read_progress(redis, await read_install(redis))
    fresh_through = min(shard.fresh_through for shard in progress)
    deadline, pages = time.monotonic() + RUN_SECONDS, 0
    try:
        async with visit(clickhouse_url, _TIMEOUT_SECONDS) as client:
            while time.monotonic() < deadline:
                raw = await cast("Any", redis).get(CURSOR)
                page = await next_page(client, raw, fresh_through)
                if page is None:
                    break
                raw = await _move(redis, raw, page)
                await count_page(client, page)
                await _move(redis, raw, Page(page.until_ms, page.until_ms))
                pages += 1
    except ClickHouseError as error:
        raise NotNow(str(error)) from error
    return pages


async def next_page(client: AsyncClient, raw: bytes | None, fresh_through: int) -> Page | None:
    """What is to be counted next, within one UTC day; the page that was under way, if one was."""
    if raw is None:
        started = int(str(await client.command(_START)))
        first = max(started, fresh_through - _KEEP_MS) if started else fresh_through
    else:
        page = msgspec.json.decode(raw, type=Page)
        if page.first_ms < page.until_ms:
            return page
        first = page.until_ms
    until = min(fresh_through, first + _PAGE_MS, (first // _DAY_MS + 1) * _DAY_MS)
    if first >= until:
        return None
    rows = await _rows(client, _END, {"first": first, "until": until, "most": PAGE_EVENTS})
    return Page(first, max(int(rows[0][0]), first + 1) if rows else until)


async def count_page(client: AsyncClient, page: Page) -> None:
    """Count one page. Counted again, or after it was ended anywhere, it changes nothing more."""
    span: dict[str, object] = {"first": page.first_ms, "until": page.until_ms}
    found: dict[str, dict[Key, Seen]] = {}
    for project, name, *seen in await _rows(client, _EVENTS, span):
        found.setdefault(project, {})[(name,)] = Seen(*seen)
    for project, events in found.items():
        await _count_project(client, project, events, page)


async def _count_project(client: AsyncClient, project: str, events: Mapping[Key, Seen], page: Page) -> None:
    day = datetime.fromtimestamp(page.first_ms / 1000, UTC).date()
    of_project: dict[str, object] = {"project": project}
    span = {**of_project, "first": page.first_ms, "until": page.until_ms}
    known_events = {key(row, 1): Known(*row[1:]) for row in await _rows(client, _KNOWN_EVENTS, of_project)}
    names = {name for (name,) in admitted(known_events, events, MOST_NAMES)}
    known = {key(row, 3): Known(*row[3:]) for row in await _rows(client, _KNOWN_PROPERTIES, of_project)}
    seen = {key(row, 3): Seen(*row[3:]) for row in await _rows(client, _PROPERTIES, span) if row[0] in names}
    inserts = (
        (
            "catalog_properties",
            ("name", "property", "type"),
            rows(known, folded_properties(known, seen), day, page.until_ms),
        ),
        ("catalog_events", ("name",), rows(known_events, folded_events(events, names), day, page.until_ms)),
    )
    for table, names_of_key, found in inserts:
        if found:
            columns = ("project", *names_of_key, *_COUNTS)
            await client.insert(table, [(project, *row) for row in found], column_names=columns)


def key(row: Sequence[Any], size: int) -> Key:
    """The first columns of a row."""
    return tuple(row[:size])


async def _rows(client: AsyncClient, text: str, parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
    return (await client.query(text, parameters=dict(parameters), settings=_BOUNDS)).result_rows


async def _move(redis: Redis, old: bytes | None, page: Page) -> bytes:
    """Write down where the catalog stands. Raises `NotNow` when another run has moved it."""
    new = msgspec.json.encode(page)

    async def attempt(pipe: Any) -> None:
        if await pipe.get(CURSOR) != old:
            raise NotNow("another run counts the catalog")
        pipe.multi()
        pipe.set(CURSOR, new)

    await cast("Any", redis).transaction(attempt, CURSOR)
    return new
