"""A lot: the events that one frame will hold, and who waits. A question: those whose keys another shard may know."""

import asyncio
import struct
from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from ingest_api import frame, runs, telemetry
from ingest_api.durability import Command
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import LIBRARY, Shard
from ingest_api.traces import tracing

#: a frame is closed before it holds more events than this, unless one request alone brings more
MAX_FRAME_EVENTS = 4096
MAX_FRAME_BYTES = 4 * 1024 * 1024

#: what the function is told of a keyed event: its place, and the digests of its key and of its content
_keyed = struct.Struct(">H16s8s").pack


#: a future, which of the lot's keyed events its request brought: from, to; and what it brought
Waiter = tuple[asyncio.Future[bytes], int, int, Sequence[Stamped]]


class Raised(Exception):
    """The shard is fenced, and nothing was written: events are placed by another number of shards now."""

    def __init__(self, count: int) -> None:
        super().__init__(f"the number of shards is raised to {count}")
        self.count = count


class Lot:
    """Grows until it is written."""

    __slots__ = ("again", "counts", "keyed", "placed_by", "projects", "rows", "shard", "size", "spans", "waiters")

    def __init__(self, shard: Shard, placed_by: int) -> None:
        self.shard = shard
        #: the number of shards by which the events belong to this one
        self.placed_by = placed_by
        self.rows: list[bytes] = []
        self.keyed: list[bytes] = []
        self.size = 0  # bytes as the producers sent them
        #: whose the events are, in their order: a project, and how many in a row
        self.projects: list[str] = []
        self.counts: list[int] = []
        self.waiters: list[Waiter] = []
        #: of the requests that are traced, each of its part in this lot
        self.spans: list[tracing.Span] = []
        #: whether a server has sent it to another one already
        self.again = False

    def has_room(self, count: int, size: int) -> bool:
        """Whether these events may share the frame."""
        return len(self.rows) + count <= MAX_FRAME_EVENTS and self.size + size <= MAX_FRAME_BYTES

    def add(self, entries: Sequence[Stamped], size: int, future: asyncio.Future[bytes]) -> None:
        """Take a request's events in."""
        first, before = len(self.rows), len(self.keyed)
        self.rows += [entry.row for entry in entries]
        self.keyed += [_keyed(at, one.digest, one.payload) for at, one in enumerate(entries, first) if one.digest]
        project = entries[0].project  # a request is of one project
        if self.projects and self.projects[-1] == project:
            self.counts[-1] += len(entries)
        else:
            self.projects.append(project)
            self.counts.append(len(entries))
        self.size += size
        self.waiters.append((future, before, len(self.keyed), entries))
        if tracing.process.tracer is not None:
            self._trace(len(entries), size)

    def command(self, window_ms: int) -> Command:
        """What appends it."""
        data, size = frame.encode_rows(self.rows)
        shard = self.shard
        keys = shard.appending
        return (
            "FCALL", f"{LIBRARY}_append", len(keys), *keys,
            window_ms, len(self.rows), size, data, b"".join(self.keyed),
            runs.encode(zip(self.projects, self.counts, strict=True)), self.placed_by,
            tracing.encode(self.spans) if self.spans else b"",
        )  # fmt: skip

    def _trace(self, count: int, size: int) -> None:
        about: tracing.Attributes = {
            "messaging.system": "redis",
            "messaging.operation.type": "send",
            "messaging.operation.name": "append",
            "messaging.destination.name": self.shard.frames,
            "messaging.destination.partition.id": str(self.shard.number),
            "messaging.batch.message_count": count,
            "messaging.message.body.size": size,
            "headrace.shard": self.shard.number,
        }
        if span := tracing.child("append", "producer", about):
            self.spans.append(span)

    def told(self, failed: str = "") -> None:
        """Its spans are over; the name of an error, where there was one."""
        for span in self.spans:
            if failed:
                span.fail(failed)
            span.end()

    def settle(self, answer: Any) -> None:
        """Tell who waits what the function said."""
        telemetry.FRAME_EVENTS.observe(len(self.rows))
        self._tell(answer[1])

    def _tell(self, verdicts: bytes) -> None:
        """A byte per keyed event."""
        self.told()
        for future, start, end, _ in self.waiters:
            if not future.done():
                future.set_result(verdicts[start:end])

    def fail(self, error: Exception) -> None:
        """Tell who waits that nothing is known, or nothing was written."""
        self.told(type(error).__name__)
        for future, _, _, _ in self.waiters:
            if not future.done():
                future.set_exception(error)


class Question(Lot):
    """Keyed events, asked of the shard that was theirs before the number of shards was raised."""

    __slots__ = ()

    def command(self, window_ms: int) -> Command:
        """What asks."""
        keys = (self.shard.index, self.shard.counters, self.shard.ledger)
        owners = runs.encode(zip(self.projects, self.counts, strict=True))
        return ("FCALL", f"{LIBRARY}_known", len(keys), *keys, window_ms, b"".join(self.keyed), owners)

    def _trace(self, count: int, size: int) -> None:
        about: tracing.Attributes = {"headrace.shard": self.shard.number, "headrace.events": count}
        if span := tracing.child("known", "client", about):
            self.spans.append(span)

    def settle(self, answer: Any) -> None:
        """Tell who waits, a byte per event: 0 for a key that is not known there."""
        self._tell(answer)


def raised(answer: object) -> int:
    """The number of shards that a fence names; 0 where the answer is anything else."""
    text = str(answer)
    return int(text.removeprefix("RAISED ")) if isinstance(answer, ResponseError) and text.startswith("RAISED ") else 0
