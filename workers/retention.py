"""Retention: stored and archived events are deleted once they are older than their project keeps them."""

import logging
from typing import Any, cast

from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from workers.archives.archive import BadObject
from workers.clickhouse.order import order
from workers.clickhouse.visit import visit
from workers.erasing import erase_lines
from workers.rollups import upkeep

log = logging.getLogger(__name__)

#: one project; a deletion marks rows, the merges of the next hours remove them
TIMEOUT_SECONDS = 300
_DAY_MS = 86_400_000
#: hash: project -> Unix ms; what was appended before is not in the archive any more
ARCHIVED = "headrace:retention:archive"
_BEFORE = "< fromUnixTimestamp64Milli({before:Int64})"
#: of those who were not seen since
_GONE = "user_id NOT IN (SELECT user_id FROM sightings WHERE project = {project:String})"
#: table -> what is too old, one after the other. What was rejected has no time of its own but that of its arrival.
_OLD = {
    "events": f"occurred_at {_BEFORE}",
    "rejected_events": f"appended_at {_BEFORE}",
    "sightings": f"last_seen {_BEFORE}",
    "user_traits": _GONE,
    "identity_claims": _GONE,
}


async def oldest(redis: Redis, now_ms: int) -> dict[str, int]:
    """Project -> Unix ms before which it keeps nothing, of the projects that do not keep all."""
    projects = await Projects(redis).all()
    return {one.id: now_ms - one.retention_days * _DAY_MS for one in projects if one.retention_days}


async def clean(redis: Redis, clickhouse_url: str, now_ms: int) -> int:
    """Delete what is too old, project by project. Returns how many projects had something to delete.

    A project that fails is logged and keeps the others from nothing: it is tried again the next day.
    """
    if not (kept := await oldest(redis, now_ms)):
        return 0
    cleaned = 0
    async with visit(clickhouse_url, TIMEOUT_SECONDS) as client:
        for project, before_ms in kept.items():
            try:
                cleaned += await _clean(client, project, before_ms)
            except (ClickHouseError, OSError) as error:
                log.warning("a project was not cleaned", extra={"action": "retention", "why": str(error)})
    return cleaned


async def clean_archive(redis: Redis, archive: str, now_ms: int) -> int:
    """Delete what is too old from the archive: of each project the hours that are over. Returns how many lines went.

    Each hour is looked at once for a project. Raises `NotNow` when the archive is away: the next run goes on.
    """
    done = {name.decode(): int(ms) for name, ms in (await cast("Any", redis).hgetall(ARCHIVED)).items()}
    # An event may name a time up to a day ahead of its arrival.
    bounds = {project: before - _DAY_MS for project, before in (await oldest(redis, now_ms)).items()}
    due = {project: (done.get(project, 0), until) for project, until in bounds.items() if until > done.get(project, 0)}
    if not archive or not due:
        return 0
    first_ms, until_ms = min(first for first, _ in due.values()), max(until for _, until in due.values())
    lines = 0
    async for place, one in erase_lines.objects(archive, first_ms, until_ms):
        mine = {project for project, (first, until) in due.items() if first <= one.last_ms < until}
        try:
            lines += await erase_lines.rewrite(place, one, mine, erase_lines.whole(mine)) if mine else 0
        except BadObject as error:
            log.warning("an object was not cleaned", extra={"action": "retention", "why": str(error)})
    await cast("Any", redis).hset(ARCHIVED, mapping={project: until for project, (_, until) in due.items()})
    return lines


async def _clean(client: AsyncClient, project: str, before_ms: int) -> bool:
    """Asks first: a deletion that finds nothing is work for the engine all the same."""
    parameters = {"project": project, "before": before_ms}
    found = False
    for table, condition in _OLD.items():
        old = f"project = {{project:String}} AND {condition}"
        if await client.command(f"SELECT count() FROM {table} WHERE {old}", parameters=parameters):  # noqa: S608  # names above
            await order(client, f"DELETE FROM {table} WHERE {old}", parameters)  # noqa: S608  # names above
            found = True
    return await upkeep.forget(client, project, before_ms) or found
