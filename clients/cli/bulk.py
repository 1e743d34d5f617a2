"""Sending a file of events: several batches in flight, each repeated until it is answered."""

import asyncio
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

import msgspec

from clients.cli.errors import CliError, Transient, Unreachable
from clients.cli.lines import Batch, Feed, Line
from clients.cli.meter import Meter
from clients.cli.retry import Patience
from clients.cli.service import Answer, Service
from ingest_api import zstd

#: reasons that the summary shows
SHOWN_REASONS = 10

Compression = Literal["zstd", "gzip", "none"]


class Result(msgspec.Struct, gc=False):
    """What the front door says of one event."""

    index: int
    error: str = ""
    #: its shard was unavailable: send this one again
    retry: bool = False
    deduplicated: bool = False


class BatchAnswer(msgspec.Struct):
    """Answer of the batch route. Without results the request as a whole was refused."""

    status: str = ""
    results: list[Result] | None = None


@dataclass
class Tally:
    """What became of the events."""

    accepted: int = 0
    deduplicated: int = 0
    rejected: int = 0
    #: the first few: line number and reason
    reasons: list[tuple[int, str]] = field(default_factory=list)
    #: rejected lines go here as they stood in the file
    rejects: BinaryIO | None = None

    @property
    def sent(self) -> int:
        """Events that have their answer."""
        return self.accepted + self.deduplicated + self.rejected

    def reject(self, line: Line, reason: str) -> None:
        """Count a rejected event."""
        self.rejected += 1
        if len(self.reasons) < SHOWN_REASONS:
            self.reasons.append((line.number, reason))
        if self.rejects:
            self.rejects.write(line.raw + b"\n")


class Bulk:
    """Sends the batches of a feed and counts what becomes of them."""

    def __init__(
        self, service: Service, tally: Tally, meter: Meter, *, compression: Compression, give_up: float
    ) -> None:
        self._service = service
        self._tally = tally
        self._meter = meter
        self._compression = compression
        self._give_up = give_up

    async def run(self, feed: Feed, concurrency: int) -> None:
        """Send everything. Raises `CliError` as soon as one batch cannot be brought in."""
        feed.start()
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(concurrency):
                    senders.create_task(self._send_all(feed))
        except ExceptionGroup as group:
            told, faults = group.split(CliError)
            raise (faults or told or group).exceptions[0] from None
        finally:
            feed.close()
        if feed.error:
            raise feed.error

    async def _send_all(self, feed: Feed) -> None:
        while batch := await feed.get():
            await self._deliver(batch)

    async def _deliver(self, batch: Batch) -> None:
        for line, reason in batch.spoiled:
            self._tally.reject(line, reason)
        patience = Patience(self._give_up, self._meter.waiting)
        waiting = batch.lines
        while waiting:
            try:
                waiting = self._count(waiting, await self._post(waiting))
                if waiting:
                    raise Transient(f"{len(waiting)} events could not be written yet.")
            except Transient as trouble:
                await patience.wait(trouble)
        self._meter.answered(len(batch.lines) + len(batch.spoiled), batch.position)

    async def _post(self, lines: Iterable[Line]) -> Answer:
        body = b"\n".join([line.sent for line in lines])
        encoding = "" if self._compression == "none" else self._compression
        if encoding == "zstd":
            body = zstd.compress(body, 1)
        elif encoding == "gzip":
            body = zlib.compress(body, 1, wbits=31)
        return await self._service.post_events(body, "application/x-ndjson", encoding=encoding)

    def _count(self, lines: list[Line], answer: Answer) -> list[Line]:
        """Add the results to the tally; returns the lines to send again."""
        results = answer.decode(BatchAnswer).results
        if results is None:
            raise Unreachable(f"{answer.who} refused a whole batch: {answer.reason()}")
        if sorted(result.index for result in results) != list(range(len(lines))):
            raise Unreachable(f"{answer.who} answered for {len(results)} events of {len(lines)}; this should not be.")
        again = []
        for result in results:
            line = lines[result.index]
            if result.retry:
                again.append(line)
            elif result.error:
                self._tally.reject(line, result.error)
            elif result.deduplicated:
                self._tally.deduplicated += 1
            else:
                self._tally.accepted += 1
        return again
