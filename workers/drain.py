"""The drain of one shard: take, decode, step, insert, commit, over and over.

After a crash anywhere the pending list is empty or holds exactly the last batch: the same entries, hence the same
token and the same rows, which ClickHouse drops when it has them.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

from ingest_api import moment
from ingest_api.halt import Halt
from ingest_api.traces import tracing
from workers import telemetry, traced
from workers.archives.archive import Archive
from workers.batch import Batch, Entry, span
from workers.errors import Fenced, Halted, NotNow, Stopping
from workers.landed import land
from workers.landing import Landing
from workers.linger import Linger
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

log = logging.getLogger(__name__)
T = TypeVar("T")

_IDLE_PAUSE = 0.1
#: whoever looks whether enough events are there reads them all
_RIPE_PAUSE = 0.25
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.1, 15.0
#: a halted drain looks this often whether an operator lets its batch pass
_HALT_PAUSE = 1.0
#: what becomes of events
_OUTCOMES = ("stored", "rejected", "repeated", "erased")


class Drain:
    """Drains one shard until told to stop, or until another worker owns it."""

    def __init__(
        self, source: Source, sink: Sink, settings: Settings, references: References, archive: Archive | None = None
    ) -> None:
        self._source = source
        self._sink = sink
        self._settings = settings
        self._archive = archive
        self._stop = asyncio.Event()
        self._landing = Landing(source, sink, settings, references, self._persist)
        self._waiting = ""
        self._linger = Linger(settings.linger_ms / 1000, settings.linger_most_ms / 1000)
        #: why the breaker stopped it, for people; empty while it runs
        self.halted = ""
        #: when the shard was last found empty or something was committed, by the monotonic clock
        self.moved_at = time.monotonic()

    @property
    def problem(self) -> str:
        """Why nothing moves, for people; empty while all is well."""
        looking_for = self._landing.looking_for
        return self.halted or self._waiting or (f"looking for {looking_for}" if looking_for else "")

    @property
    def epoch(self) -> int:
        """The epoch this drain works under."""
        return self._source.epoch

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End after the batch in hand; one that cannot be stored now stays in the pending list."""
        self._stop.set()

    async def run(self) -> None:
        """Returns when stopped or fenced."""
        try:
            while not self._stop.is_set():
                entries, ripe_in = await self._persist("Redis", self._take)
                if entries:
                    taken = time.monotonic()
                    with traced.batch(self._source.shard, entries):
                        await self._land(entries)
                    self._linger.after(taken, time.monotonic())
                else:
                    await self._pause(min(ripe_in / 1000, _RIPE_PAUSE) if ripe_in else _IDLE_PAUSE)
                self.moved_at = time.monotonic()
        except Stopping:
            return
        except Fenced:
            telemetry.FENCED.inc()
            log.warning("another worker took the shard", extra={"action": "drain", "shard": self._source.shard.number})

    async def _take(self) -> tuple[list[Entry], int]:
        settings, linger_ms = self._settings, round(self._linger.now * 1000)
        return await self._source.take(settings.batch_events, settings.batch_bytes, linger_ms)

    async def _land(self, entries: list[Entry]) -> None:
        batch = await self._store(entries)
        if (archive := self._archive) is not None:
            await self._persist("Archive", lambda: archive.put(batch))
        landed = land(batch)
        with tracing.step("commit"):
            await self._persist("Redis", lambda: self._source.commit(landed))
        telemetry.BATCHES.inc()
        counts = {outcome: getattr(landed, outcome) for outcome in _OUTCOMES}
        for outcome, count in counts.items():
            telemetry.EVENTS.labels(outcome).inc(count)
        tracing.tell({f"headrace.{outcome}": count for outcome, count in counts.items()})
        log.info("batch", extra={"action": "drain", "shard": batch.shard, "batch": batch.span, **counts})

    async def _store(self, entries: list[Entry]) -> Batch:
        """Bring the batch into ClickHouse, standing still for as long as the breaker says no."""
        name = span([entry_id.decode() for entry_id, _ in entries])
        since = 0
        try:
            while True:
                try:
                    return await self._landing.store(entries, name)
                except Halted as halted:
                    since = since or moment.now_ms()
                    await self._stand_still(Halt(self._source.shard.number, since, name, str(halted)))
        finally:
            if since:
                self.halted = ""
                with contextlib.suppress(RedisError, OSError):
                    await self._source.go_on()

    async def _stand_still(self, halt: Halt) -> None:
        """Until it is time to try again, or an operator lets the batch pass. Nothing is acknowledged meanwhile."""
        if not self.halted:
            log.critical("halted", extra={"action": "drain", "shard": halt.shard, "why": halt.reason})
        self.halted = f"shard {halt.shard} is halted: {halt.reason}"
        until = time.monotonic() + self._settings.breaker_retry_seconds
        while time.monotonic() < until:
            with contextlib.suppress(RedisError, OSError):  # said again in a moment
                await self._source.halt(halt)
                if await self._source.allowed(halt.span):
                    return
            await self._pause(min(_HALT_PAUSE, self._settings.breaker_retry_seconds))
            if self._stop.is_set():
                raise Stopping

    async def _persist(self, part: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call until it succeeds, with growing pauses. Only being fenced or stopped ends it."""
        backoff = _FIRST_BACKOFF
        while True:
            try:
                result = await call()
            except (NotNow, RedisError, OSError) as error:
                self._report(f"{part}: {error}")
                telemetry.RETRIES.labels(part).inc()
            else:
                self._report("")
                return result
            await self._pause(random.uniform(backoff / 2, backoff))  # noqa: S311  # jitter, not a secret
            if self._stop.is_set():
                raise Stopping
            backoff = min(backoff * 2, _LONGEST_BACKOFF)

    def _report(self, problem: str) -> None:
        if problem and not self._waiting:
            log.warning("waiting", extra={"action": "drain", "shard": self._source.shard.number, "why": problem})
        elif self._waiting and not problem:
            log.info("going on", extra={"action": "drain", "shard": self._source.shard.number})
        self._waiting = problem

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
