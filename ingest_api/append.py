"""Group commit: events that arrive while a write is under way join the next frame of their shard.

An idle server adds no delay, a busy one writes large frames. A request's events for one shard travel in one
frame, so that they are written whole or not at all.
"""

import asyncio
import functools
import logging
import struct
import time
from collections.abc import Sequence
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api import fault, frame, runs, telemetry
from ingest_api.dialect import Verdict
from ingest_api.durability import Command
from ingest_api.errors import Unavailable
from ingest_api.event import Event
from ingest_api.lane import Lane, lane_at
from ingest_api.normalise import Stamped
from ingest_api.stream import LIBRARY, Install, Redis, Shard

log = logging.getLogger(__name__)

#: a frame is closed before it holds more events than this, unless one request alone brings more
MAX_FRAME_EVENTS = 4096
MAX_FRAME_BYTES = 4 * 1024 * 1024
#: writes under way at once: while Redis syncs one to disk, the next are made
MAX_WRITES = 4
#: a write that Redis has not answered by then is given up; its producers are told to send again
WRITE_SECONDS = 5.0

_place = struct.Struct(">H").pack
_VERDICTS = {ord("0"): Verdict.NEW, ord("1"): Verdict.DUPLICATE, ord("2"): Verdict.MISMATCH}


class _Lot:
    """What one frame will hold, and who waits for it."""

    __slots__ = ("counts", "events", "keyed", "projects", "shard", "size", "waiters")

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.events: list[Event] = []
        #: of each keyed event three parts: its place, and the digests of its key and of its content
        self.keyed: list[bytes] = []
        self.size = 0  # bytes as the producers sent them
        #: whose the events are, in their order: a project, and how many in a row
        self.projects: list[str] = []
        self.counts: list[int] = []
        #: a future, and which of the lot's keyed events its request brought: from, to
        self.waiters: list[tuple[asyncio.Future[bytes], int, int]] = []

    def has_room(self, count: int, size: int) -> bool:
        return len(self.events) + count <= MAX_FRAME_EVENTS and self.size + size <= MAX_FRAME_BYTES

    def add(self, entries: Sequence[Stamped], size: int, future: asyncio.Future[bytes]) -> None:
        events, keyed = self.events, self.keyed
        before = len(keyed)
        for entry in entries:
            if entry.digest:
                keyed += (_place(len(events)), entry.digest, entry.payload)
            events.append(entry.event)
        project = entries[0].event.project  # a request is of one project
        if self.projects and self.projects[-1] == project:
            self.counts[-1] += len(entries)
        else:
            self.projects.append(project)
            self.counts.append(len(entries))
        self.size += size
        self.waiters.append((future, before // 3, len(keyed) // 3))


class Appender:
    """Writes events into their shards. One per process; `run` must be running for `append` to return."""

    def __init__(self, redis: Redis, install: Install, max_pending_bytes: int) -> None:
        self._redis = redis
        self._shards = install.shards
        self._window_ms = install.window_ms
        self._durability = install.durability
        self._max_pending_bytes = max_pending_bytes
        self._pending_bytes = 0
        self._lots: list[_Lot] = []
        self._open: dict[int, _Lot] = {}
        self._turn = 0
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def append_one(self, entry: Stamped) -> asyncio.Future[bytes]:
        """Write one event. The future holds its verdict for `verdict`, or raises `Unavailable`."""
        return self._join(self.shard_of(entry), (entry,), entry.size)

    async def append(self, entries: Sequence[Stamped]) -> list[Verdict]:
        """Write events, each to its shard; returns what became of each, in order, once Redis answered.

        A shard that could not be written gives its events `Verdict.UNAVAILABLE`. Raises `Unavailable` when none
        could be written.
        """
        groups: dict[int, list[int]] = {}
        for position, entry in enumerate(entries):
            groups.setdefault(self.shard_of(entry), []).append(position)
        futures = [self._join_group(shard, [entries[i] for i in positions]) for shard, positions in groups.items()]
        answers = await asyncio.gather(*futures, return_exceptions=True)
        if all(isinstance(answer, BaseException) for answer in answers):
            raise cast("BaseException", answers[0])
        verdicts = [Verdict.NEW] * len(entries)
        for positions, answer in zip(groups.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                for position in positions:
                    verdicts[position] = Verdict.UNAVAILABLE
                continue
            keyed = (position for position in positions if entries[position].digest)
            for position, letter in zip(keyed, answer, strict=True):
                verdicts[position] = _VERDICTS[letter]
        return verdicts

    async def run(self) -> None:
        """Write what waits, for as long as the process lives."""
        lanes = [lane_at(self._durability, self._redis, WRITE_SECONDS) for _ in range(MAX_WRITES)]
        free: asyncio.Queue[Lane] = asyncio.Queue()
        for lane in lanes:
            free.put_nowait(lane)
        try:
            async with asyncio.TaskGroup() as writes:
                while True:
                    await self._wake.wait()
                    lane = await free.get()
                    await asyncio.sleep(0)  # let every request that is ready now join
                    self._wake.clear()
                    lots, self._lots, self._open = self._lots, [], {}
                    self._turn += 1
                    write = writes.create_task(self._write(lane, lots))
                    write.add_done_callback(functools.partial(_give_back, free, lane))
        finally:
            for lane in lanes:
                await lane.close()

    def shard_of(self, entry: Stamped) -> int:
        """The shard that an append of it would go to now."""
        if entry.digest:
            return int.from_bytes(entry.digest[-4:], "big") % len(self._shards)
        return self._turn % len(self._shards)  # all unkeyed events of one write together

    def _join_group(self, shard: int, entries: Sequence[Stamped]) -> asyncio.Future[bytes]:
        return self._join(shard, entries, sum(entry.size for entry in entries))

    def _join(self, shard: int, entries: Sequence[Stamped], size: int) -> asyncio.Future[bytes]:
        future: asyncio.Future[bytes] = self._loop.create_future()
        if self._pending_bytes + size > self._max_pending_bytes:
            future.set_exception(Unavailable("Too many events wait to be written. Send this again in a moment."))
            return future
        self._pending_bytes += size
        lot = self._open.get(shard)
        if lot is None or not lot.has_room(len(entries), size):
            lot = self._open[shard] = _Lot(self._shards[shard])
            self._lots.append(lot)
            self._wake.set()
        lot.add(entries, size, future)
        return future

    async def _write(self, lane: Lane, lots: list[_Lot]) -> None:
        started = time.perf_counter()
        try:
            answers = await self._call(lane, lots)
        except (RedisError, OSError) as error:
            answers = [error] * len(lots)
        except Exception as error:
            log.exception("a write failed", extra={"action": "append"})
            answers = [error] * len(lots)
        except BaseException:
            for lot in lots:
                _fail(lot, Unavailable("The front door is stopping."))
            raise
        finally:
            self._pending_bytes -= sum(lot.size for lot in lots)
        telemetry.APPEND_SECONDS.observe(time.perf_counter() - started)
        for lot, answer in zip(lots, answers, strict=True):
            telemetry.FRAME_EVENTS.observe(len(lot.events))
            if isinstance(answer, Exception):
                log.warning("append refused", extra={"action": "append", "shard": lot.shard.number, "why": str(answer)})
                _fail(lot, Unavailable("The queue cannot take events now. Send this again in a moment."))
            else:
                _settle(lot, answer[1])

    async def _call(self, lane: Lane, lots: list[_Lot]) -> list[Any]:
        fault.point("door.before_append")
        answers = await lane.fcall([self._command(lot) for lot in lots])
        fault.point("door.after_append")
        return answers

    def _command(self, lot: _Lot) -> Command:
        data, size = frame.encode(lot.events)
        keys = (lot.shard.frames, lot.shard.index, lot.shard.counters, lot.shard.ledger)
        return (
            "FCALL", f"{LIBRARY}_append", len(keys), *keys,
            self._window_ms, len(lot.events), size, data, b"".join(lot.keyed),
            runs.encode(zip(lot.projects, lot.counts, strict=True)),
        )  # fmt: skip


def verdict(answer: bytes) -> Verdict:
    """What became of the one event of `append_one`."""
    return _VERDICTS[answer[0]] if answer else Verdict.NEW


def _give_back(free: asyncio.Queue[Lane], lane: Lane, _write: asyncio.Task[None]) -> None:
    free.put_nowait(lane)


def _settle(lot: _Lot, verdicts: bytes) -> None:
    for future, start, end in lot.waiters:
        if not future.done():
            future.set_result(verdicts[start:end])


def _fail(lot: _Lot, error: Exception) -> None:
    for future, _, _ in lot.waiters:
        if not future.done():
            future.set_exception(error)
