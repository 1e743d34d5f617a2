"""The drain of one shard: take, decode, step, insert, commit, over and over.

After a crash anywhere the pending list is empty or holds exactly the last batch: the same entries, hence the same
token and the same rows, which ClickHouse drops when it has them.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

from workers import pipeline, telemetry
from workers.batch import Batch, Entry, decode
from workers.errors import Fenced, NotNow, Stopping
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

log = logging.getLogger(__name__)
T = TypeVar("T")

_IDLE_PAUSE = 0.1
_RIPE_PAUSE = 0.05
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.1, 15.0


class Drain:
    """Drains one shard until told to stop, or until another worker owns it."""

    def __init__(self, source: Source, sink: Sink, settings: Settings) -> None:
        self._source = source
        self._sink = sink
        self._settings = settings
        self._stop = asyncio.Event()
        #: why nothing moves, for people; empty while all is well
        self.problem = ""

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
        settings = self._settings
        try:
            while not self._stop.is_set():
                entries, ripe_in = await self._persist(
                    "Redis", lambda: self._source.take(settings.batch_events, settings.batch_bytes, settings.linger_ms)
                )
                if entries:
                    await self._land(entries)
                else:
                    await self._pause(min(ripe_in / 1000, _RIPE_PAUSE) if ripe_in else _IDLE_PAUSE)
        except Stopping:
            return
        except Fenced:
            telemetry.FENCED.inc()
            log.warning("another worker took the shard", extra={"action": "drain", "shard": self._source.shard.number})

    async def _land(self, entries: list[Entry]) -> None:
        batch = await asyncio.to_thread(_prepare, self._source.shard.number, entries)
        stored = await self._persist("ClickHouse", lambda: self._sink.insert(batch))
        rejected = batch.claimed - stored - batch.repeated
        await self._persist("Redis", lambda: self._source.commit(batch.entry_ids, stored, rejected, batch.repeated))
        telemetry.BATCHES.inc()
        for outcome, count in (("stored", stored), ("rejected", rejected), ("repeated", batch.repeated)):
            telemetry.EVENTS.labels(outcome).inc(count)

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
        if problem and not self.problem:
            log.warning("waiting", extra={"action": "drain", "shard": self._source.shard.number, "why": problem})
        elif self.problem and not problem:
            log.info("going on", extra={"action": "drain", "shard": self._source.shard.number})
        self.problem = problem

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


def _prepare(shard: int, entries: list[Entry]) -> Batch:
    return pipeline.run(decode(shard, entries))
