"""A sluice: the way into one server. Lots wait here, lanes carry them; shut or away, it holds up no other server's.

Group commit: events that arrive while a write is under way join the next frame of their shard. An idle server adds no
delay, a busy one writes large frames. Whoever is patient is written no sooner than 20 ms after the write before, unless
somebody else is not: a write costs Redis as much as a hundred events, for it syncs.
"""

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import RedisError, ResponseError

from ingest_api import durability, fault, telemetry
from ingest_api.durability import Level
from ingest_api.errors import Unavailable
from ingest_api.lane import Lane, lane_at
from ingest_api.lot import Lot, raised
from ingest_api.rules.normalise import Stamped
from ingest_api.servers import routing
from ingest_api.servers.spread import LOST, elsewhere
from ingest_api.stream import Install, Redis, Shard, prepare

log = logging.getLogger(__name__)

#: writes under way at once: while Redis syncs one to disk, the next are made
MAX_WRITES = 4
#: whoever is patient waits no longer than so long after the write before, or until there are so many events
_PATIENCE_SECONDS, _ENOUGH = 0.02, 1000
#: a write that Redis has not answered by then is given up; its producers are told to send again
WRITE_SECONDS = 5.0
#: pause between two looks at how durable a server is, and how long one may take: it waits for a disk, or two
_LOOK_SECONDS, _GUARD_SECONDS = 1.0, 5.0

_FULL = "Too many events wait to be written. Send this again in a moment."
_NOT_NOW = "The queue cannot take events now. Send this again in a moment."


class Sluice:
    """`run` must be running for what is joined to be written; `guard`, for it to be shut while the level is not kept.

    `moved` hears of each write that begins; `astray` gets lots that another server takes now with what was said, and
    none when this one does not answer; `fenced` gets one that was placed by a number of shards that is no more, and
    the new one.
    """

    def __init__(
        self,
        server: Redis,
        install: Install,
        *,
        moved: Callable[["Sluice"], None],
        astray: Callable[[dict[Lot, ResponseError]], None],
        fenced: Callable[[Lot, int], None],
    ) -> None:
        self.server = server
        self.name = routing.name(server)
        self._window_ms = install.window_ms
        self._level: Level = install.durability
        self._moved = moved
        self._astray = astray
        self._fenced = fenced
        #: bytes of events that may wait here
        self.most_bytes = 0
        #: why no event is taken, for people: it does not keep the level
        self.shut = ""
        #: it did not answer the last time: one write tries again, and nobody joins meanwhile
        self.away = False
        #: whether it was looked at yet
        self.seen = False
        #: those that lie there now, and the key by which it is looked at
        self.shards: list[Shard] = []
        #: how many there are in all
        self.placed_by = install.shard_count
        self.probe = durability.PROBE
        #: how long after the write before whoever is patient is written
        self.patience = _PATIENCE_SECONDS
        self._pending_bytes = 0
        self._lots: list[Lot] = []
        self._open: dict[int, Lot] = {}
        self._wake = asyncio.Event()
        #: when the latest write began, and what wakes those who wait for company
        self._begun = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._free: asyncio.Queue[Lane] = asyncio.Queue()
        telemetry.SERVERS.labels(self.name).set_function(lambda: self.takes or not self.shards)

    @property
    def takes(self) -> bool:
        """Whether events should come here when they may as well go elsewhere."""
        return not self.shut and not self.away

    @property
    def ready(self) -> bool:
        """Whether a write could begin at once."""
        return self.takes and not self._free.empty()

    @property
    def problem(self) -> str:
        """Why it takes no events, for people; empty while it does."""
        return self.shut or ("it does not answer" if self.away else "")

    def join(
        self, shard: Shard, entries: Sequence[Stamped], size: int, kind: type[Lot] = Lot, *, patient: bool = False
    ) -> asyncio.Future[bytes]:
        """Write a request's events of one shard, or ask of them. The future holds a byte per keyed event.

        It raises `Unavailable`, or `Raised` where there are several. Whoever is patient waits for company.
        """
        future: asyncio.Future[bytes] = self._loop.create_future()
        if self.shut or (self.away and self._free.qsize() < MAX_WRITES):
            future.set_exception(Unavailable(_NOT_NOW))
            return future
        if self._pending_bytes + size > self.most_bytes:
            future.set_exception(Unavailable(_FULL))
            return future
        self._pending_bytes += size
        place = shard.number if kind is Lot else ~shard.number
        lot = self._open.get(place)
        if lot is None or lot.placed_by != self.placed_by or not lot.has_room(len(entries), size):
            lot = self._open[place] = kind(shard, self.placed_by)
            self._lots.append(lot)
        lot.add(entries, size, future)
        if patient and len(lot.rows) < _ENOUGH:
            self._wake_in_time()
        else:
            self._wake.set()
        return future

    def take(self, lot: Lot) -> None:
        """Write a lot that has come from another server."""
        self._pending_bytes += lot.size
        self._lots.append(lot)
        self._wake.set()

    def _wake_in_time(self) -> None:
        due = self._begun + self.patience
        if due <= self._loop.time():
            self._wake.set()
        elif self._timer is None:
            self._timer = self._loop.call_at(due, self._wake.set)

    async def run(self) -> None:
        """Write what waits, for as long as the process lives."""
        lanes = [lane_at(self._level, self.server, WRITE_SECONDS, lambda: self.probe) for _ in range(MAX_WRITES)]
        for lane in lanes:
            self._free.put_nowait(lane)
        try:
            async with asyncio.TaskGroup() as writes:
                while True:
                    await self._wake.wait()
                    lane = await self._free.get()
                    await asyncio.sleep(0)  # let every request that is ready now join
                    lots = self._begin()
                    write = writes.create_task(self._write(lane, lots))
                    write.add_done_callback(functools.partial(self._give_back, lane))
        finally:
            for lane in lanes:
                await lane.close()

    def _begin(self) -> list[Lot]:
        """What waits, which a write carries now."""
        self._wake.clear()
        self._begun = self._loop.time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._moved(self)
        lots, self._lots, self._open = self._lots, [], {}
        return lots

    async def guard(self, judged: Callable[[], None]) -> None:
        """Let events in while the server keeps the level. While it is away, what it was found to be still holds."""
        lane = Lane(self.server, _GUARD_SECONDS)
        try:
            while True:
                try:
                    if not self.seen:
                        async with asyncio.timeout(_GUARD_SECONDS):
                            await prepare(self.server, self.shards)
                    shortfall = await durability.look(lane.call, self._level, self.probe)
                except (RedisError, OSError) as error:
                    log.warning(
                        "cannot look at Redis", extra={"action": "guard", "server": self.name, "why": str(error)}
                    )
                    self._astray({})
                else:
                    self._judge(shortfall)
                    judged()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await lane.close()

    def _judge(self, shortfall: str) -> None:
        told = {"action": "guard", "server": self.name}
        if shortfall and shortfall != self.shut:
            log.critical("no event is taken", extra={**told, "why": shortfall})
        elif self.shut and not shortfall:
            log.info("events are taken", extra=told)
        self.shut, self.seen, self.away = shortfall, True, False

    async def _write(self, lane: Lane, lots: list[Lot]) -> None:
        started = time.perf_counter()
        try:
            answers = await self._call(lane, lots)
            self.away = False
        except (RedisError, OSError) as error:
            answers = [error] * len(lots)
            if isinstance(error, LOST):
                self.away = True
                self._astray({})
        except Exception as error:
            log.exception("a write failed", extra={"action": "append"})
            answers = [error] * len(lots)
        except BaseException:
            for lot in lots:
                lot.fail(Unavailable("The front door is stopping."))
            raise
        finally:
            self._pending_bytes -= sum(lot.size for lot in lots)
        telemetry.APPEND_SECONDS.observe(time.perf_counter() - started)
        self._answer(lots, answers)

    def _answer(self, lots: list[Lot], answers: Sequence[Any]) -> None:
        astray: dict[Lot, ResponseError] = {}
        for lot, answer in zip(lots, answers, strict=True):
            if not isinstance(answer, Exception):
                lot.settle(answer)
            elif count := raised(answer):
                self._fenced(lot, count)
            elif isinstance(answer, ResponseError) and elsewhere(answer) and not lot.again:
                astray[lot] = answer
            else:
                told = {"action": "append", "shard": lot.shard.number, "server": self.name, "why": str(answer)}
                log.warning("append refused", extra=told)
                lot.fail(Unavailable(_NOT_NOW))
        if astray:
            self._astray(astray)

    async def _call(self, lane: Lane, lots: list[Lot]) -> list[Any]:
        fault.point("door.before_append")
        answers = await lane.fcall([lot.command(self._window_ms) for lot in lots])
        fault.point("door.after_append")
        return answers

    def _give_back(self, lane: Lane, _write: asyncio.Task[None]) -> None:
        self._free.put_nowait(lane)
