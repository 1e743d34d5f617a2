"""Replay: bring back into ClickHouse what it lost, from the kept tail of the streams or from the archive.

Only what is missing is inserted, with the ids it has, under a token of its own run: ClickHouse may remember the batch's
token though the rows are gone. One replay runs at a time; up to the floor the drain and the replay never meet.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar, cast

from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from ingest_api import moment
from ingest_api.stream import Install, Redis, Shard
from workers import kept, pipeline, retention, salts
from workers.archives.archive import Archive, BadObject, Object
from workers.batch import Batch, Entry, decode, set_aside
from workers.errors import BadRows, NotNow
from workers.inventory import Inventory
from workers.reference import References
from workers.row import reject_impossible
from workers.sink import Sink
from workers.steps.privacy import clear_rejected

P = ParamSpec("P")
T = TypeVar("T")

LOCK = "headrace:replay"
#: a replay that was killed holds the next one up for so long: whatever it had sent is stored or refused by then
LOCK_SECONDS = 90
TIMEOUT_SECONDS = 30.0
#: a store that is away for longer ends the replay
PATIENCE_SECONDS = 60.0
#: what is compared and inserted at once
_EVENTS, _BYTES = 10_000, 32 * 1024 * 1024
_PAGE = 16
_FETCHES = 8
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.2, 5.0


class Busy(RuntimeError):
    """Another replay holds the lock, or took it from this one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What the tail of a shard no longer holds, or lost while it was read: from Unix ms, until Unix ms."""

    shard: int
    first_ms: int
    until_ms: int


@dataclass(slots=True)
class Report:
    """What a replay did."""

    #: events that were compared
    events: int = 0
    missing: int = 0
    #: of the missing, those that have their rows now
    restored: int = 0
    #: of the missing, those that ClickHouse refused; they are rejected events now
    refused: int = 0
    #: rejected events that were missing in `rejected_events`
    rejected: int = 0
    #: events that their projects keep no longer
    too_old: int = 0
    gaps: list[Gap] = field(default_factory=list)
    #: objects of the archive that cannot be read, with the reason
    unreadable: list[str] = field(default_factory=list)


#: called as it goes, with the share that is done of the shard or of the objects, 0 to 1
Tell = Callable[[float], None]


class Replay:
    """One run. Hold `exclusively` around it."""

    def __init__(
        self,
        redis: Redis,
        install: Install,
        clickhouse_url: str,
        tell: Tell,
        *,
        geo_database: str = "",
        dry_run: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._redis = redis
        self._oldest: dict[str, int] = {}
        self._references = References(redis, geo_database)
        self._tell = tell
        self._dry_run = dry_run
        self._patience = patience
        self._inventory = Inventory(clickhouse_url, TIMEOUT_SECONDS)
        self._sink = Sink(clickhouse_url, f"{install.id}:replay:{secrets.token_hex(8)}", TIMEOUT_SECONDS)
        self._lock = Lock(cast("Any", redis), LOCK, timeout=LOCK_SECONDS, blocking=False)
        self._tail = False
        self.report = Report()

    @contextlib.asynccontextmanager
    async def exclusively(self, *, tail: bool) -> AsyncIterator[None]:
        """Raises `Busy` when another replay runs. With `tail`, committed frames are not trimmed meanwhile."""
        self._tail = tail
        try:
            if not await _to_its_end(self._lock.acquire()):
                raise Busy(f"Another replay runs, or was killed less than {LOCK_SECONDS} seconds ago. Try again then.")
            self._oldest = await retention.oldest(self._redis, moment.now_ms())
            yield
        finally:
            await self._inventory.close()
            await self._sink.close()
            with contextlib.suppress(LockError):  # not ours, or no longer
                await self._lock.release()
                if tail:
                    await self._redis.delete(kept.IN_USE)

    async def from_tail(self, shard: Shard, first_ms: int | None, until_ms: int) -> None:
        """Everything that was committed and appended in that time; without `first_ms` all that the tail holds."""
        floor = await cast("Any", self._redis).get(shard.floor)
        if floor is None:
            return
        last = min(kept.halves(floor), (until_ms, -1))
        end = str(until_ms - 1) if last == (until_ms, -1) else floor.decode()
        begin = first_ms
        wanted = None if first_ms is None else (first_ms, 0)  # what comes next has this id, or the nearest behind it
        start, waiting, done = str(first_ms or 0), [], False
        while not done:
            await self._renew()
            entries, there = await kept.page(self._redis, shard, start, end, _PAGE)
            if wanted is not None and not there.whole and there.first > wanted <= last:
                gone = there.first[0] + (there.first[1] > 0)
                self.report.gaps.append(Gap(shard.number, wanted[0], min(gone, until_ms)))
            waiting += entries
            done = len(entries) < _PAGE
            if entries:
                ms, seq = kept.halves(entries[-1][0])
                wanted, start = (ms, seq + 1), f"({ms}-{seq}"
            if waiting and (done or _large(waiting)):
                begin = begin if begin is not None else kept.halves(waiting[0][0])[0]
                await self._bring_entries(shard, waiting)
                self._tell((kept.halves(waiting[-1][0])[0] - begin) / max(1, last[0] - begin))
                waiting = []
        self._tell(1.0)

    async def from_archive(self, archive: Archive, objects: Sequence[Object]) -> None:
        """Everything in these objects, which lie in the order of time."""
        waiting: dict[int, Batch] = {}
        for first in range(0, len(objects), _FETCHES):
            await self._renew()
            some = objects[first : first + _FETCHES]
            for one, batch in zip(some, await asyncio.gather(*(self._read(archive, one) for one in some)), strict=True):
                before = waiting.pop(one.shard, None)
                if before is not None and batch is not None and before.enriched != batch.enriched:
                    await self._bring_archived(before)
                    before = None
                together = _joined(before, batch)
                if together is not None and len(together.events) < _EVENTS:
                    waiting[one.shard] = together
                elif together is not None:
                    await self._bring_archived(together)
            self._tell((first + len(some)) / len(objects))
        for batch in waiting.values():
            await self._renew()
            await self._bring_archived(batch)

    async def _read(self, archive: Archive, one: Object) -> Batch | None:
        try:
            return await self._patiently(archive.read, one)
        except BadObject as error:
            self.report.unreadable.append(str(error))
            return None

    async def _bring_archived(self, batch: Batch) -> None:
        first, last = (kept.halves(entry_id.encode())[0] for entry_id in (batch.entry_ids[0], batch.entry_ids[-1]))
        await self._bring(batch, await self._patiently(self._inventory.set_aside, batch.shard, first, last))

    async def _bring_entries(self, shard: Shard, entries: list[Entry]) -> None:
        first, last = kept.halves(entries[0][0])[0], kept.halves(entries[-1][0])[0]
        aside = await self._patiently(self._inventory.set_aside, shard.number, first, last)
        await self._bring(await asyncio.to_thread(decode, shard.number, entries, aside), aside)

    async def _bring(self, batch: Batch, aside: dict[str, str]) -> None:
        """Insert what is missing of a batch, and see that it is there."""
        report = self.report
        report.events += len(batch.events)
        reference = await self._references.current(salts.days(batch.entry_ids))
        reject_impossible(batch, reference)  # before anybody asks for an id that is none
        report.too_old += await self._patiently(self._inventory.keep_missing, batch, aside, self._oldest)
        await asyncio.to_thread(pipeline.run, batch, reference)
        report.missing += len(batch.events)
        report.rejected += len(batch.rejected)
        if self._dry_run or not (batch.events or batch.rejected):
            return
        await self._insert(batch)
        lacks = await self._patiently(self._inventory.lacks, batch.events)
        report.restored += len(lacks) - sum(lacks)

    async def _insert(self, batch: Batch) -> None:
        try:
            await self._patiently(self._store, batch, batch.span)
        except BadRows:
            refused = await self._patiently(self._sink.refused, batch)
            places = zip(batch.events, batch.positions, strict=True)
            found = [(event, place, refused[place.place]) for event, place in places if place.place in refused]
            batch.rejected += [set_aside(*one) for one in found]
            batch.keep([position.place not in refused for position in batch.positions])
            clear_rejected(batch, await self._references.current())
            self.report.refused += len(found)
            await self._patiently(self._store, batch, f"{batch.span}:1")

    async def _store(self, batch: Batch, token: str) -> None:
        """Whoever interrupts waits for the answer: what is under way must not meet the next replay."""
        await self._renew()
        await _to_its_end(self._sink.insert(batch, token))

    async def _renew(self) -> None:
        try:
            await self._lock.reacquire()
            if self._tail:
                await self._redis.set(kept.IN_USE, 1, ex=LOCK_SECONDS)
        except LockError as error:
            raise Busy("Another replay took over: this one was held up for too long. Start it again.") from error

    async def _patiently(self, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make the call until it succeeds. Raises its last `NotNow` when patience ends."""
        deadline = asyncio.get_running_loop().time() + self._patience
        backoff = _FIRST_BACKOFF
        while True:
            try:
                return await call(*args, **kwargs)
            except NotNow:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LONGEST_BACKOFF)


def _large(entries: Sequence[Entry]) -> bool:
    flat = [fields or () for _, fields in entries]
    events = sum(int(fields[fields.index(b"n") + 1]) for fields in flat if b"n" in fields)
    return events >= _EVENTS or sum(len(part) for fields in flat for part in fields) >= _BYTES


def _joined(batch: Batch | None, other: Batch | None) -> Batch | None:
    """Two batches of one shard as one; either may be missing."""
    if batch is None or other is None:
        return batch or other
    batch.entry_ids += other.entry_ids
    batch.events += other.events
    batch.positions += other.positions
    batch.rejected += other.rejected
    batch.derived = {name: [*values, *other.derived[name]] for name, values in batch.derived.items()}
    return batch


async def _to_its_end(call: Awaitable[T]) -> T:
    """Also when we are cancelled meanwhile."""
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
