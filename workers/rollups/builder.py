"""A builder of rollups: what is due is built batch by batch, the latest first, as long as there is time.

Each batch is built the same way: its marks are read, its rows are written under a version of their own, and one row for
each piece lets that version count. What changed meanwhile has another mark.
"""

import logging
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from clickhouse_connect.driver.asyncclient import AsyncClient
from prometheus_client import Counter

from ingest_api import moment
from ingest_api.projects import erasures
from ingest_api.stream import Redis

log = logging.getLogger(__name__)

#: the low bits of a version are random, so that no two builders ever write the same one; the others are Unix ms
RANDOM_BITS = 20
#: a version that is not let count by then never will be
COUNTS_WITHIN_MS = 300_000
#: a question that began before a version counted reads tables that have its rows
SETTLE_SECONDS = 10
#: of a statement that builds
BOUNDS: dict[str, Any] = {
    "max_memory_usage": 3_000_000_000,
    "max_bytes_before_external_group_by": 1_000_000_000,
    "max_bytes_before_external_sort": 1_000_000_000,
    "do_not_merge_across_partitions_select_final": 1,
    "insert_deduplicate": 0,
}


class Piece(Protocol):
    """What is closed as one: an hour or a stretch of a project."""

    @property
    def project(self) -> str:
        """Whose it is."""

    @property
    def at(self) -> int:
        """Its start, Unix seconds."""


P = TypeVar("P", bound=Piece)


class Batch(NamedTuple, Generic[P]):
    """What one statement builds, and when its marks were read, by ClickHouse's clock."""

    pieces: Sequence[P]
    read_ms: int

    def version(self) -> int:
        """A new one for its rows: later ones win."""
        return self.read_ms << RANDOM_BITS | secrets.randbits(RANDOM_BITS)


class Builder(ABC, Generic[P]):
    """The steps of a run. Each may be the last. `grace` and `settle` are seconds."""

    #: what it builds, in the log and in numbers
    pieces: ClassVar[str]
    rolled_up: ClassVar[str]
    counter: ClassVar[Counter]

    def __init__(self, client: AsyncClient, redis: Redis, grace: int, settle: int = SETTLE_SECONDS) -> None:
        self._client = client
        self._redis = redis
        self._grace = grace
        self._settle = settle

    async def run(self, seconds: float) -> int:
        """Batch by batch, for so long. Returns how many pieces were closed."""
        deadline, closed = time.monotonic() + seconds, 0
        while time.monotonic() < deadline and (batch := await self.due()).pieces:
            await self.batch(batch)
            count, back_to = len(batch.pieces), moment.text(batch.pieces[-1].at * 1000)
            closed += count
            self.counter.inc(count)
            told = {"action": "rollup", self.pieces: count, "back_to": back_to}
            log.info("rolled up %s", self.rolled_up, extra=told)
        return closed

    @abstractmethod
    async def due(self) -> Batch[P]:
        """The next batch; empty where nothing is due."""

    @abstractmethod
    async def batch(self, batch: Batch[P]) -> None:
        """Build and close these."""

    async def _due(self, text: str, parameters: Mapping[str, object]) -> tuple[list[tuple[Any, ...]], int]:
        """Rows of what is due, each with its project first, and when they were read, which is the last of a row.

        Projects of which something is being erased wait: what goes is not to be rolled up again.
        """
        found = (await self._client.query(text, parameters=dict(parameters))).result_rows
        waiting = await erasures.at_rows(self._redis)  # read after the marks: an erasure that begins now changes them
        return [tuple(row[:-1]) for row in found if row[0] not in waiting], int(found[0][-1]) if found else 0

    async def _order(self, text: str, parameters: Mapping[str, object]) -> None:
        await self._client.command(text, parameters=dict(parameters), settings=BOUNDS)


def fitting(pieces: Iterable[tuple[P, int]], rows: int, most: int) -> list[P]:
    """As many of these, each with its rows, as one statement takes; one at least."""
    taken: list[P] = []
    for piece, its_rows in pieces:
        rows -= its_rows
        if taken and (rows < 0 or len(taken) == most):
            break
        taken.append(piece)
    return taken
