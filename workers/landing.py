"""Landing: entries -> rows. Prepare, judge, insert; what a crash in between leaves is taken up where it was.

Kill it anywhere: before the verdict is written nothing was inserted, and afterwards everybody finds it and inserts
the same rows under the same tokens, which ClickHouse drops when it has them; whether it has them is looked at then.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ingest_api import fault
from ingest_api.traces import tracing
from workers import isolate, pipeline, proof, row, salts, verdict
from workers.batch import Batch, Entry, decode
from workers.breaker import Breaker
from workers.errors import BadRows, Halted
from workers.fingerprint import cause
from workers.reference import Reference, References
from workers.row import Columns
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source
from workers.verdict import Verdict

log = logging.getLogger(__name__)


class Persist(Protocol):
    """Makes a call on a part until it succeeds."""

    async def __call__(self, part: str, call: Callable[[], Awaitable[Any]], /) -> Any: ...


class Landing:
    """Brings the batches of one shard into ClickHouse."""

    def __init__(
        self, source: Source, sink: Sink, settings: Settings, references: References, persist: Persist
    ) -> None:
        self._source = source
        self._sink = sink
        self._references = references
        self._settings = settings
        self._persist = persist
        self._breaker = Breaker(settings.breaker_events, settings.breaker_percent, settings.breaker_run)
        #: the verdict in Redis as it is known here
        self._known = b""
        #: what it looks for in a batch, which may take minutes; empty while it looks for nothing
        self.looking_for = ""

    async def store(self, entries: list[Entry], span: str) -> Batch:
        """Insert a batch. Raises `Halted` when it must not pass: nothing of it is inserted then.

        May be called again with the same entries, by anybody.
        """
        self.looking_for = ""
        self._known, handed_out = await self._persist("Redis", self._source.standing)
        stands = verdict.standing(self._known, span)
        #: whether something may have been inserted under the token of the verdict that stands
        tried = stands is not None
        stands = stands or Verdict(span)
        aside = dict(stands.aside)
        if handed_out >= self._settings.isolate_after:
            told = {"action": "isolate", "shard": self._source.shard.number, "handed_out": handed_out}
            log.warning("a batch comes again and again; looking for what kills its workers", extra=told)
            self.looking_for = "what kills its workers"
            aside |= await self._killers([entry for entry in entries if entry[0].decode() not in aside], span)
            self.looking_for = ""
        while True:
            reference = await self._reference(entries)
            batch, columns = await self._sink.turns.take(_prepare, self._source.shard.number, entries, aside, reference)
            fault.point("worker.after_decode")
            stands = await self._judge(batch, stands, tried=tried)
            try:
                await self._insert(batch, stands.token, columns, again=handed_out > 1)
            except BadRows:
                self.looking_for = "the rows that ClickHouse refuses"
                aside, tried = {**stands.aside, **await self._refused(batch, span)}, True
                self.looking_for = ""
            else:
                self._breaker.passed(batch)
                return batch

    async def _insert(self, batch: Batch, token: str, columns: Columns, *, again: bool) -> None:
        """`again`: somebody may have inserted it before. An insert that comes again proves nothing by its success."""

        async def insert() -> None:
            nonlocal again
            before, again = again, True
            await self._sink.insert(batch, token, columns)
            if before:
                url, timeout = self._settings.clickhouse_url, self._settings.insert_timeout_seconds
                await proof.see(self._sink, batch, columns, url=url, timeout=timeout)

        await self._persist("ClickHouse", insert)

    async def _refused(self, batch: Batch, span: str) -> dict[str, str]:
        """Events that ClickHouse does not take. Raises `Halted` when they are too many to look for them all."""
        most = None if await self._allowed(span) else self._breaker.enough(batch)
        found: dict[str, str] = await self._persist("ClickHouse", lambda: self._sink.refused(batch, most))
        if most is not None and len(found) > most:
            why = cause(next(iter(found.values())))
            raise Halted(f"more than {most} of {len(batch.events)} events would be rejected, such as: {why}")
        return found

    async def _judge(self, batch: Batch, stands: Verdict, *, tried: bool) -> Verdict:
        """The verdict under which a batch is inserted; a new one is written down first. Raises `Halted`."""
        found = {one.place: one.reason for one in batch.rejected}
        # What was set aside and is erased since stays in the verdict: the rest of the batch may be stored under it.
        erased = {position.place for position in batch.erased}
        found |= {place: reason for place, reason in stands.aside.items() if place in erased}
        if found.keys() == stands.aside.keys():
            return stands
        problem = self._breaker.problem(batch)
        if problem and not await self._allowed(stands.span):
            raise Halted(problem)
        new = stands.grown(found) if tried else Verdict(stands.span, 0, found)
        self._known = await self._persist("Redis", lambda: self._source.judge(self._known, verdict.encode(new)))
        fault.point("worker.after_verdict")
        return new

    async def _killers(self, suspects: list[Entry], span: str) -> dict[str, str]:
        """Entries that would end this process, when the batch was handed out suspiciously often. Raises `Halted`."""
        shard, memory = self._source.shard.number, self._settings.isolate_bytes
        most = len(suspects) if await self._allowed(span) else isolate.MOST_KILLERS
        reference = await self._reference(suspects)
        found: dict[str, str] = await self._persist(
            "isolation", lambda: isolate.killers(shard, suspects, reference, memory, most)
        )
        return found

    async def _reference(self, entries: list[Entry]) -> Reference:
        days = salts.days(entry_id.decode() for entry_id, _ in entries)
        found: Reference = await self._persist("Redis", lambda: self._references.current(days))
        return found

    async def _allowed(self, span: str) -> bool:
        return bool(await self._persist("Redis", lambda: self._source.allowed(span)))


def _prepare(shard: int, entries: list[Entry], aside: Mapping[str, str], reference: Reference) -> tuple[Batch, Columns]:
    with tracing.step("decode"):
        batch = decode(shard, entries, aside)
    with tracing.step("steps", attributes={"headrace.events": len(batch.events)}):
        pipeline.run(batch, reference)
        return batch, row.columns(batch)
