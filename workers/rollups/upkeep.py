"""Upkeep of rollups: versions that do not count, hours that are too old, and numbers that are in doubt, go."""

from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient

from workers.clickhouse.order import order
from workers.rollups import rollup_sql as sql
from workers.rollups import stretch_sql
from workers.rollups.builder import RANDOM_BITS
from workers.rollups.rolled import HOUR_SECONDS

#: questions that began before may still read them; and a version that is not let count by then never will be
_STALE_AFTER_MS = 3_600_000
#: later than any hour
_EVER = 2**32 - 1
#: what is written is small, and may be the same again
_SETTINGS = {"insert_deduplicate": 0}


async def clean(client: AsyncClient) -> bool:
    """Delete rows of versions that do not count any more. Returns whether there were any."""
    now_ms = int(str(await client.command("SELECT toUnixTimestamp64Milli(now64(3))")))
    before = {"before": (now_ms - _STALE_AFTER_MS) << RANDOM_BITS}
    sessions = await _delete(client, "rolled_sessions", stretch_sql.STALE, before)
    return await _delete(client, "rollup_hours", sql.STALE, before) or sessions


async def forget(client: AsyncClient, project: str, before_ms: int) -> bool:
    """Delete what is older of the rollups, after the events. Returns whether there was anything.

    The hour that lies on the edge is built again, of what is left of it.
    """
    found = await _retire(client, project, before_ms // 1000 // HOUR_SECONDS * HOUR_SECONDS)
    return await _drop_numbers(client, project, sql.UNUSED) or found


async def doubted(client: AsyncClient) -> list[str]:
    """Projects whose numbers cannot be trusted. There are none, unless rows were deleted or brought back by hand."""
    return [str(row[0]) for row in (await client.query(sql.DOUBTED)).result_rows]


async def renew(client: AsyncClient, project: str) -> None:
    """Build everything of a project again; whose numbers are in doubt gets another."""
    await _drop_numbers(client, project, sql.DOUBTFUL)
    await _retire(client, project, _EVER)


async def _retire(client: AsyncClient, project: str, until: int) -> bool:
    """The hours up to this one, Unix seconds: changed first, so that they are read raw."""
    of = {"project": project, "until": until}
    await _order(client, sql.CHANGED, of)
    await _order(client, stretch_sql.CHANGED, of)
    sessions = await _delete(client, "rolled_sessions", "project = {project:String} AND stretch <= {until:UInt32}", of)
    hours = await _delete(client, "rollup_hours", "project = {project:String} AND hour <= {until:UInt32}", of)
    return hours or sessions


async def _drop_numbers(client: AsyncClient, project: str, where: str) -> bool:
    of = {"project": project}
    await client.command(sql.KEEP_COUNT, parameters=of)
    return await _delete(client, "visitor_numbers", where, of)


async def _delete(client: AsyncClient, table: str, where: str, parameters: Mapping[str, Any]) -> bool:
    """Asks first: a deletion that finds nothing is work for the engine all the same."""
    found = await client.command(f"SELECT count() FROM {table} WHERE {where}", parameters=dict(parameters))  # noqa: S608  # names of our own
    if found:
        await _order(client, f"DELETE FROM {table} WHERE {where}", parameters)  # noqa: S608  # names of our own
    return bool(found)


async def _order(client: AsyncClient, text: str, parameters: Mapping[str, Any]) -> None:
    await order(client, text, parameters, _SETTINGS)
