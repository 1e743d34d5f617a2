"""Stretches: sessions that start in six hours that are over are worked out once, so that no question need do it again.

As with the hours of `rollup.py`: marks are read first, then rows are written under a version of their own, and
last one row for each stretch lets the version count. A session may have begun a day before and go on for a day: a
stretch is due a day after its end, and open again when an event arrives that lies within a day of it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ingest_api import fault
from workers import telemetry
from workers.clickhouse.order import level
from workers.rollups import stretch_sql as sql
from workers.rollups.builder import COUNTS_WITHIN_MS, Batch, Builder, fitting
from workers.rollups.stretch import SECONDS

#: of one statement, by the marks of the stretches themselves: as many rows again lie around them
BATCH_ROWS, BATCH_STRETCHES = 1_000_000, 120
#: late events come one after the other, and each opens two days: what changed is built again after so many graces
_PATIENCE = 24


class Stretch(NamedTuple):
    """A stretch of a project as it was when the marks were read; `rows` are its own."""

    project: str
    at: int
    mark: int
    rows: int


class Stretching(Builder[Stretch]):
    """Builds stretches; a batch is of one project."""

    pieces, rolled_up, counter = "stretches", "sessions", telemetry.ROLLED_STRETCHES

    async def due(self) -> Batch[Stretch]:
        """The next batch."""
        parameters = {"grace": self._grace, "again": self._grace * _PATIENCE, "most": 10 * BATCH_STRETCHES}
        rows, read_ms = await self._due(sql.DUE, parameters)
        return Batch(bounded(Stretch(*row) for row in rows), read_ms)

    async def batch(self, batch: Batch[Stretch]) -> None:
        """Build and close these stretches."""
        times = [one.at for one in batch.pieces]
        parameters: dict[str, Any] = {"project": batch.pieces[0].project, "version": batch.version()}
        span = {"since": min(times) * 1000, "until": (max(times) + SECONDS) * 1000, "stretches": times}
        await level(self._client, "events")  # a mark may tell of rows that lag behind it
        await self._order(sql.ROWS, parameters | span)
        fault.point("worker.stretch_written")
        marks = {"batch": [(one.at, one.mark) for one in batch.pieces], "settle": self._settle}
        await self._order(sql.CLOSE, parameters | marks | {"until": batch.read_ms + COUNTS_WITHIN_MS})


def bounded(stretches: Iterable[Stretch]) -> list[Stretch]:
    """As many of the first one's project as one statement takes; one at least."""
    some = list(stretches)
    of_first = ((one, one.rows) for one in some if one.project == some[0].project)
    return fitting(of_first, BATCH_ROWS, BATCH_STRETCHES)
