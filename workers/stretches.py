"""Stretches: sessions that start in six hours that are over are worked out once, so that no question need do it again.

As with the hours of `workers/rollup.py`: marks are read first, then rows are written under a version of their own, and
last one row for each stretch lets the version count. A session may have begun a day before and go on for a day: a
stretch is due a day after its end, and open again when an event arrives that lies within a day of it.
"""

import logging
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import erasures, fault, moment
from ingest_api.stream import Redis
from workers import stretch_sql as sql
from workers import telemetry
from workers.order import level
from workers.stretch import SECONDS
from workers.upkeep import BUILD_BOUNDS, COUNTS_WITHIN_MS, RANDOM_BITS

log = logging.getLogger(__name__)

#: of one statement, by the marks of the stretches themselves: as many rows again lie around them
BATCH_ROWS, BATCH_STRETCHES = 1_000_000, 120
#: late events come one after the other, and each opens two days: what changed is built again after so many graces
_PATIENCE = 24
_SETTLE_SECONDS = 10


class Stretch(NamedTuple):
    """A stretch of a project as it was when the marks were read; `rows` are its own."""

    project: str
    at: int
    mark: int
    rows: int


class Batch(NamedTuple):
    """What one statement builds, all of one project, and when its marks were read, by ClickHouse's clock."""

    stretches: Sequence[Stretch]
    read_ms: int


class Stretching:
    """The steps of a run. Each may be the last. `grace` and `settle` are seconds."""

    def __init__(self, client: AsyncClient, redis: Redis, grace: int, settle: int = _SETTLE_SECONDS) -> None:
        self._client = client
        self._redis = redis
        self._grace = grace
        self._settle = settle

    async def run(self, seconds: float) -> int:
        """Batch by batch, for so long. Returns how many stretches were closed."""
        deadline, closed = time.monotonic() + seconds, 0
        while time.monotonic() < deadline and (batch := await self.due()).stretches:
            await self.batch(batch)
            closed += len(batch.stretches)
            telemetry.ROLLED_STRETCHES.inc(len(batch.stretches))
            back_to = moment.text(batch.stretches[-1].at * 1000)
            told = {"action": "rollup", "stretches": len(batch.stretches), "back_to": back_to}
            log.info("rolled up sessions", extra=told)
        return closed

    async def due(self) -> Batch:
        """The next batch, the latest first. Projects of which something is being erased wait, as with hours."""
        parameters = {"grace": self._grace, "again": self._grace * _PATIENCE, "most": 10 * BATCH_STRETCHES}
        found = (await self._client.query(sql.DUE, parameters=parameters)).result_rows
        waiting = await erasures.at_rows(self._redis)  # read after the marks: one that begins now changes them
        stretches = [Stretch(*row[:4]) for row in found if row[0] not in waiting]
        return Batch(bounded(stretches), int(found[0][4]) if found else 0)

    async def batch(self, batch: Batch) -> None:
        """Build and close these stretches."""
        times = [one.at for one in batch.stretches]
        parameters: dict[str, Any] = {
            "project": batch.stretches[0].project,
            "version": batch.read_ms << RANDOM_BITS | secrets.randbits(RANDOM_BITS),
        }
        span = {"since": min(times) * 1000, "until": (max(times) + SECONDS) * 1000, "stretches": times}
        await level(self._client, "events")  # a mark may tell of rows that lag behind it
        await self._client.command(sql.ROWS, parameters=parameters | span, settings=BUILD_BOUNDS)
        fault.point("worker.stretch_written")
        marks = {"batch": [(one.at, one.mark) for one in batch.stretches], "settle": self._settle}
        until = {"until": batch.read_ms + COUNTS_WITHIN_MS}
        await self._client.command(sql.CLOSE, parameters=parameters | marks | until, settings=BUILD_BOUNDS)


def bounded(stretches: Iterable[Stretch]) -> list[Stretch]:
    """As many of the first one's project as one statement takes; one at least."""
    taken: list[Stretch] = []
    rows = 0
    for one in stretches:
        if taken and one.project != taken[0].project:
            continue
        rows += one.rows
        if taken and (rows > BATCH_ROWS or len(taken) == BATCH_STRETCHES):
            break
        taken.append(one)
    return taken
