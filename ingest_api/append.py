"""The appender: every event to its shard, through the sluice of the server that holds it.

A request's events for one shard travel in one frame, so that they are written whole or not at all.
"""

import asyncio
import contextlib
import functools
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from redis.exceptions import RedisError, ResponseError

from ingest_api import raising
from ingest_api.dialect import Verdict
from ingest_api.errors import Unavailable
from ingest_api.lot import Lot, Question, Raised
from ingest_api.placing import Places, Placing, home, homes, letter, pass_on
from ingest_api.rules.normalise import Stamped
from ingest_api.servers import routing
from ingest_api.sluice import WRITE_SECONDS, Sluice
from ingest_api.stream import Install, Redis

log = logging.getLogger(__name__)

#: pause between two looks at where the shards lie, while a server does not answer
_LEARN_SECONDS = 0.2
_UNKNOWN = ord("0")
_SILENT = "The queue has not answered yet. Send this again in a moment."


class Appender:
    """Writes events into their shards. One per process; `run` must be running for `append` to return."""

    def __init__(self, redis: Redis, install: Install, max_pending_bytes: int) -> None:
        self._redis = redis
        self._install = install
        self._shards = install.shards
        #: the number of shards whose indexes are asked first; 0: none
        self._before = install.count_before
        self._learning = asyncio.Lock()
        self._max_pending_bytes = max_pending_bytes
        self._sluices: dict[Redis, Sluice] = {}
        #: the sluice of each shard
        self._ways: list[Sluice] = []
        self._turn = 0
        #: lots that a server has sent to another one
        self._astray: list[Lot] = []
        self._doubt = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[Sluice] = set()
        self._guarded = False
        #: whether no server was found to keep the level of durability yet, or none does now
        self.shut = True
        with contextlib.suppress(RedisError):  # a cluster has to be asked first
            self._place()

    @property
    def sluices(self) -> list[Sluice]:
        """Of the servers that hold shards."""
        return list(dict.fromkeys(self._ways))

    @property
    def problems(self) -> dict[str, str]:
        """The servers that take no events, and why, for people."""
        return {one.name: one.problem for one in self.sluices if one.problem}

    def append_one(self, entry: Stamped) -> asyncio.Future[bytes]:
        """Write one event. The future holds its verdict for `placing.verdict`, or raises `Unavailable`."""
        if self._before and self._asked_first(entry) is not None:
            self._pursue(entry, future := self._loop.create_future())
            return future
        return self._join(self.shard_of(entry), (entry,), entry.size)

    async def append(
        self, entries: Sequence[Stamped], places: Places | None = None, *, patient: bool = False
    ) -> list[Verdict]:
        """Write events, each to its shard; returns what became of each, in order, once Redis answered.

        A shard that could not be written gives its events `Verdict.UNAVAILABLE`. Raises `Unavailable` when none
        could be written. `places` is filled with where they lie, those too that were there before.
        Whoever is patient waits for company.
        """
        request, left = Placing(entries, places, patient=patient), list(range(len(entries)))
        while left:
            if self._before:
                left = await self._ask(request, left)
            left = await self._write(request, left)
        return request.verdicts()

    def use(self, install: Install) -> None:
        """The installation as it is now. What was placed otherwise is placed again when its shard refuses it."""
        self._before = install.count_before
        if install.shard_count > len(self._shards):
            self._shards = install.shards
            try:
                self._place()
            except RedisError:
                self._doubt.set()

    async def run(self, *, guarded: bool = False) -> None:
        """Write what waits, for as long as the process lives; with `guarded`, only while the level is kept."""
        self._guarded = guarded
        async with asyncio.TaskGroup() as self._tasks:
            self._doubt.set()
            while True:
                await self._doubt.wait()
                self._doubt.clear()
                await self._settle()
                await asyncio.sleep(_LEARN_SECONDS)

    def shard_of(self, entry: Stamped) -> int:
        """The shard that an append of it would go to now."""
        if entry.digest:
            return home(entry.digest, len(self._shards))
        if len(self._sluices) > 1:
            self._choose()
        return self._turn % len(self._shards)  # all unkeyed events of one write together

    def _shards_of(self, entries: Sequence[Stamped]) -> list[int]:
        digests = [entry.digest for entry in entries]
        return homes(digests, len(self._shards)) if all(digests) else [self.shard_of(entry) for entry in entries]

    def _asked_first(self, entry: Stamped) -> int | None:
        """The shard that may know its key from before the raise; None where that is its own, or it has none."""
        if not entry.digest:
            return None
        before, now = home(entry.digest, self._before), home(entry.digest, len(self._shards))
        return None if before == now else before

    async def _ask(self, request: Placing, positions: Sequence[int]) -> list[int]:
        """Ask the shards of before; returns the events that none of them knew."""
        groups: dict[int, list[int]] = {}
        left: list[int] = []
        for position in positions:
            shard = self._asked_first(request.entries[position])
            (left if shard is None else groups.setdefault(shard, [])).append(position)
        for shard, some, answer in await self._answers(request, groups, Question):
            if isinstance(answer, BaseException):
                request.give_up(some, answer)
                continue
            said = list(zip(some, answer, strict=True))
            known = [position for position, one in said if one != _UNKNOWN]
            request.settle(shard, known, bytes(one for one in answer if one != _UNKNOWN))
            left += [position for position, one in said if one == _UNKNOWN]
        return sorted(left)

    async def _write(self, request: Placing, positions: Sequence[int]) -> list[int]:
        """Append events; returns those whose shards were fenced, as soon as it is known how many there are now."""
        groups: dict[int, list[int]] = defaultdict(list)
        entries = [request.entries[position] for position in positions]
        for position, shard in zip(positions, self._shards_of(entries), strict=True):
            groups[shard].append(position)
        again: list[int] = []
        count = 0
        for shard, some, answer in await self._answers(request, groups, Lot):
            if isinstance(answer, Raised):
                again, count = again + some, max(count, answer.count)
            else:
                request.settle(shard, some, answer)
        if again:
            try:
                await self._catch_up(count)
            except Unavailable as error:
                request.give_up(again, error)
                return []
        return sorted(again)

    async def _answers(
        self, request: Placing, groups: Mapping[int, list[int]], kind: type[Lot]
    ) -> Iterable[tuple[int, list[int], bytes | BaseException]]:
        """Of each shard: the positions of the events that it was given, and what it said."""
        futures = []
        for shard, some in groups.items():
            entries = [request.entries[position] for position in some]
            size = sum([entry.size for entry in entries])
            futures.append(self._join(shard, entries, size, kind, patient=request.patient))
        answers = await asyncio.gather(*futures, return_exceptions=True)
        return zip(groups, groups.values(), answers, strict=True)

    async def _catch_up(self, count: int) -> None:
        """Return when events are placed by so many shards. Raises `Unavailable` when that takes too long."""
        try:
            async with asyncio.timeout(WRITE_SECONDS), self._learning:  # one asks for all
                if len(self._shards) < count:
                    self.use(await raising.awaited(self._redis, count))
        except TimeoutError:
            raise Unavailable("The number of shards is being raised. Send this again in a moment.") from None

    def _fenced(self, lot: Lot, count: int) -> None:
        """Nothing of a lot was written: its events are placed anew."""
        lot.told(Raised.__name__)
        for future, _, _, entries in lot.waiters:
            if len(entries) == 1:
                self._pursue(entries[0], future, count)
            elif not future.done():
                future.set_exception(Raised(count))

    def _pursue(self, entry: Stamped, future: asyncio.Future[bytes], count: int = 0) -> None:
        """Write one event that takes more than one question; first wait until there are so many shards."""
        if self._tasks is None:
            future.set_exception(Unavailable(_SILENT))
            return
        pursuit = self._tasks.create_task(self._append_alone(entry, count))
        pursuit.add_done_callback(functools.partial(pass_on, future))

    async def _append_alone(self, entry: Stamped, count: int) -> bytes | Unavailable:
        try:
            if count:
                await self._catch_up(count)
            (became,) = await self.append((entry,))
        except Unavailable as error:
            return error
        return letter(entry, became)

    def _choose(self) -> None:
        """Unkeyed events avoid a server that does not answer, and one that is busy while another is not."""
        ways = self._ways
        count = len(ways)
        if not count or ways[self._turn % count].ready:
            return
        turns = range(self._turn, self._turn + count)
        better = next((turn for turn in turns if ways[turn % count].ready), None)
        if better is None and not ways[self._turn % count].takes:
            better = next((turn for turn in turns if ways[turn % count].takes), None)
        self._turn = self._turn if better is None else better

    def _join(
        self, shard: int, entries: Sequence[Stamped], size: int, kind: type[Lot] = Lot, *, patient: bool = False
    ) -> asyncio.Future[bytes]:
        if shard >= len(self._ways):
            future: asyncio.Future[bytes] = self._loop.create_future()
            future.set_exception(Unavailable(_SILENT))
            return future
        return self._ways[shard].join(self._shards[shard], entries, size, kind, patient=patient)

    def _moved(self, sluice: Sluice) -> None:
        """A write begins: the next unkeyed events go elsewhere."""
        if self._ways[self._turn % len(self._ways)] is sluice:
            self._turn += 1

    def _again(self, lots: Mapping[Lot, ResponseError]) -> None:
        """A server does not answer, or has sent lots to another one."""
        for said in lots.values():
            routing.heed(self._redis, said)
        self._astray += lots
        self._doubt.set()

    async def _settle(self) -> None:
        """Find out where the shards lie, and send what is astray there, once."""
        try:
            if not self._astray:
                await routing.learn(self._redis)
            self._place()
        except (RedisError, OSError) as error:
            log.debug("cannot learn where the shards lie", extra={"action": "append", "why": str(error)})
            self._doubt.set()
        for one in self._sluices.values():
            self._start(one)
        lots, self._astray = self._astray, []
        for lot in lots:
            lot.again = True
            self._ways[lot.shard.number].take(lot)

    def _place(self) -> None:
        """Give each shard the sluice of its server. Raises redis-py's errors where nobody knows which that is."""
        ways = [self._sluice(routing.known(self._redis, shard.number)) for shard in self._shards]
        self._ways = ways
        for one in self._sluices.values():
            one.shards = [shard for shard, way in zip(self._shards, ways, strict=True) if way is one]
        sluices = self.sluices
        for one in sluices:
            one.probe = routing.probe(self._redis, one.shards[0].number)
            one.most_bytes = self._max_pending_bytes // len(sluices)
            one.placed_by = len(ways)

    def _sluice(self, server: Redis) -> Sluice:
        if server not in self._sluices:
            self._sluices[server] = Sluice(
                server, self._install, moved=self._moved, astray=self._again, fenced=self._fenced
            )
        return self._sluices[server]

    def _start(self, sluice: Sluice) -> None:
        if sluice in self._running or self._tasks is None:
            return
        self._running.add(sluice)
        self._tasks.create_task(sluice.run())
        if self._guarded:
            self._tasks.create_task(sluice.guard(self._judged))

    def _judged(self) -> None:
        self.shut = not any(one.seen and not one.shut for one in self.sluices)
