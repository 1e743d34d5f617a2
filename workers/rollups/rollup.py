"""Rollups: hours that are over are worked out of their deduplicated rows, so that questions need not read these again.

An hour's mark is read first, then its rows are written under a version of their own, and last one row lets the version
count. Whatever came meanwhile has changed the mark: the hour is read raw, and built again. Killed anywhere, nothing
counts that is not whole. Two that build at once write two versions, of which one counts.
"""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple, cast

from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from ingest_api import fault
from ingest_api.stream import Redis
from workers import telemetry
from workers.clickhouse.order import level
from workers.clickhouse.visit import visit
from workers.errors import NotNow
from workers.rollups import numbers, upkeep
from workers.rollups import rollup_sql as sql
from workers.rollups.builder import COUNTS_WITHIN_MS, Batch, Builder, fitting
from workers.rollups.stretches import Stretching

log = logging.getLogger(__name__)

LOCK = "headrace:rollups"
#: a run starts no batch later than this
RUN_SECONDS = 40.0
#: one that was killed holds the next one up for so long
LOCK_SECONDS = 150
_TIMEOUT_SECONDS, _CHECK_SECONDS = 100, 800
#: of one statement
BATCH_ROWS, BATCH_HOURS = 1_000_000, 500
#: while this key lives, old versions stay
CLEANED, _CLEAN_SECONDS = "headrace:rollups:cleaned", 3600


class Hour(NamedTuple):
    """An hour of a project as it was when its mark was read."""

    project: str
    at: int
    mark: int


async def build(redis: Redis, clickhouse_url: str, grace_minutes: int) -> int:
    """Build what is due, the latest hours first, as far as time allows. Returns how many hours were closed.

    Raises `NotNow` or redis-py's errors where a store is away; the next run goes on from there.
    """
    lock = Lock(cast("Any", redis), LOCK, timeout=LOCK_SECONDS, blocking=False)
    if not await lock.acquire():
        return 0
    try:
        async with visit(clickhouse_url, _TIMEOUT_SECONDS) as client:
            until = time.monotonic() + RUN_SECONDS
            closed = await Building(client, redis, grace_minutes * 60).run(RUN_SECONDS)
            await Stretching(client, redis, grace_minutes * 60).run(until - time.monotonic())
            return closed
    except ClickHouseError as error:
        raise NotNow(str(error)) from error
    finally:
        with suppress(LockError):  # it took longer; another may have begun, and does no harm
            await lock.release()


async def check(clickhouse_url: str) -> int:
    """Begin anew where numbers are in doubt. Returns in how many projects. Raises `NotNow` where ClickHouse is away."""
    try:
        async with visit(clickhouse_url, _CHECK_SECONDS) as client:
            projects = await upkeep.doubted(client)
            for project in projects:
                log.error("numbers of visitors are in doubt: all is rolled up again",
                          extra={"action": "rollup", "project": project})  # fmt: skip
                await upkeep.renew(client, project)
    except ClickHouseError as error:
        raise NotNow(str(error)) from error
    return len(projects)


class State(NamedTuple):
    """How far rollups have come: hours with events, closed ones, those that changed since, rows of all that are not
    closed, and the oldest closed hour, Unix seconds."""

    hours: int
    closed: int
    changed: int
    open_rows: int
    back_to: int


class Building(Builder[Hour]):
    """Builds hours, and clears away what does not count any more."""

    pieces, rolled_up, counter = "hours", "hours", telemetry.ROLLED_HOURS

    async def run(self, seconds: float) -> int:
        """Batch by batch, for so long. Returns how many hours were closed."""
        closed = await super().run(seconds)
        if await cast("Any", self._redis).set(CLEANED, 1, nx=True, ex=_CLEAN_SECONDS):
            await upkeep.clean(self._client)
        return closed

    async def due(self) -> Batch[Hour]:
        """The next batch."""
        rows, read_ms = await self._due(sql.DUE, {"grace": self._grace, "most": 10 * BATCH_HOURS})
        return Batch(bounded(Hour(*row) for row in rows), read_ms)

    async def batch(self, batch: Batch[Hour]) -> None:
        """Build and close these hours."""
        times = [hour.at for hour in batch.pieces]
        parameters = {
            "hours": [hour[:2] for hour in batch.pieces],
            "first": min(times),
            "last": max(times),
            "projects": sorted({hour.project for hour in batch.pieces}),
        }
        await level(self._client, "events", "visitor_numbers")  # a mark may tell of rows that lag behind it
        await numbers.give(self._client, parameters)
        fault.point("worker.rollup_numbered")
        version = batch.version()
        await self._order(sql.rows(), {**parameters, "version": version})
        fault.point("worker.rollup_written")
        until = batch.read_ms + COUNTS_WITHIN_MS
        closing = {"batch": list(batch.pieces), "version": version, "until": until, "settle": self._settle}
        await self._order(sql.CLOSE, closing)
        fault.point("worker.rollup_closed")


async def state(client: AsyncClient) -> State:
    """Of all projects."""
    return State(*(await client.query(sql.STATE)).result_rows[0])


def bounded(hours: Iterable[Hour]) -> list[Hour]:
    """As many as one statement takes; one at least."""
    return fitting(((hour, hour.mark) for hour in hours), BATCH_ROWS, BATCH_HOURS)
