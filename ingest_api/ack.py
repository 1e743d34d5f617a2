"""Waiting for the drain: until the shards of a request have nothing left of it, or its time is over.

One poller per process, and only while somebody waits: a hundred producers who wait cost Redis what one does.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError

from ingest_api.dialect import Ack, Acked
from ingest_api.stream import Redis, Shard

#: between two looks at the floors
POLL_SECONDS = 0.03
#: the id of the newest entry, without the frame that comes with it
_NEWEST = "local one = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1] return one and one[1] or '0-0'"

#: an entry's id: milliseconds, sequence
_Id = tuple[int, int]
_START: _Id = (0, 0)


class Acks:
    """Tells producers how far their events have come."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # redis-py 5 leaves pipelines and scripts untyped
        #: shard -> entries that are waited for, and who waits
        self._waiting: dict[int, list[tuple[_Id, asyncio.Future[None]]]] = {}
        self._poller: asyncio.Task[None] | None = None
        self._closed = False

    async def wait(self, ack: Ack, seconds: float, events: Mapping[int, Sequence[bytes]]) -> Acked:
        """How far these events have come: at the latest after so many seconds, at once when `ack` is reached.

        `events` are ids by shard, appended before this is called. Without an answer of Redis they are `QUEUED`, as
        they were when the append returned.
        """
        if ack is Ack.QUEUED or not events:
            return Acked(Ack.QUEUED, {})
        try:
            reached = await self._committed(events.keys(), seconds)
            rejections = await self._rejections(events)
        except (RedisError, OSError, TimeoutError):
            return Acked(Ack.QUEUED, {})
        if rejections.keys() >= {event_id for ids in events.values() for event_id in ids}:
            return Acked(Ack.REJECTED, rejections)
        return Acked(ack if reached else Ack.QUEUED, rejections)

    def close(self) -> None:
        """Answer everybody who waits, now and from now on, with what is known."""
        self._closed = True
        for waiting in self._waiting.values():
            for _, waiter in waiting:
                waiter.cancel()
        if self._poller is not None:
            self._poller.cancel()

    async def _committed(self, shards: Collection[int], seconds: float) -> bool:
        """Whether all that is in these shards now was committed before the time was over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        async with asyncio.timeout_at(until), self._redis.pipeline(transaction=False) as pipe:
            for shard in shards:
                pipe.eval_ro(_NEWEST, 1, Shard(shard).frames)
            newest = await pipe.execute()
        waiters = [self._join(shard, _id(entry)) for shard, entry in zip(shards, newest, strict=True)]
        try:
            await asyncio.wait(waiters, timeout=until - loop.time())
            return all(waiter.done() and not waiter.cancelled() for waiter in waiters)
        finally:
            for waiter in waiters:
                waiter.cancel()

    def _join(self, shard: int, entry: _Id) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        if self._closed:
            waiter.cancel()
            return waiter
        self._waiting.setdefault(shard, []).append((entry, waiter))
        if self._poller is None or self._poller.done():
            self._poller = loop.create_task(self._poll())
        return waiter

    async def _poll(self) -> None:
        while self._forget():
            await asyncio.sleep(POLL_SECONDS)
            try:
                floors = await self._floors(list(self._waiting))
            except (RedisError, OSError):
                continue  # who waits has a deadline
            for shard, floor in floors.items():
                for entry, waiter in self._waiting[shard]:
                    if entry <= floor and not waiter.done():
                        waiter.set_result(None)

    def _forget(self) -> bool:
        """Forget whoever waits no more; returns whether anybody is left."""
        for shard, waiting in list(self._waiting.items()):
            left = [one for one in waiting if not one[1].done()]
            if left:
                self._waiting[shard] = left
            else:
                del self._waiting[shard]
        return bool(self._waiting)

    async def _floors(self, shards: Sequence[int]) -> dict[int, _Id]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for shard in shards:
                pipe.get(Shard(shard).floor)
            floors = await pipe.execute(raise_on_error=False)  # a server that is away holds up nobody else's answer
        return {
            shard: _id(floor) if floor else _START
            for shard, floor in zip(shards, floors, strict=True)
            if not isinstance(floor, Exception)
        }

    async def _rejections(self, events: Mapping[int, Sequence[bytes]]) -> dict[bytes, str]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for shard, ids in events.items():
                pipe.hmget(Shard(shard).rejected, [event_id.hex() for event_id in ids])
            answers = await pipe.execute()
        found = zip(events.values(), answers, strict=True)
        pairs = [pair for ids, reasons in found for pair in zip(ids, reasons, strict=True)]
        return {event_id: reason.decode() for event_id, reason in pairs if reason is not None}


def _id(text: bytes) -> _Id:
    ms, _, number = text.partition(b"-")
    return int(ms), int(number)
