"""Entries put into a stream byte by byte, as no front door of this build would."""

from typing import Any

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.stream import Redis, Shard
from tests.workers.entries import event

#: rows by the cause for which they are rejected
NOT_JSON = event(901, properties=b"not json")  # ClickHouse's word
IMPOSSIBLE = event(902, occurred_at=10**15)
UNREADABLE = event(903, name="mark")  # until `damaged` was there
BAD_FRAME = b"\x09zdamaged"


async def put(redis: Redis, shard: Shard, events: list[Event], *, skip: bytes = b"", redriven: bool = False) -> str:
    """One frame of events. Returns the entry's id."""
    packed, _ = frame.encode(events)
    return await put_frame(redis, shard, damaged(packed), len(events) - len(skip) // 2, skip=skip, redriven=redriven)


def damaged(packed: bytes) -> bytes:
    """The name `mark` is no text any more."""
    return packed.replace(b"\xa4mark", b"\xa4\xff\xff\xff\xff")


async def put_frame(
    redis: Redis, shard: Shard, packed: bytes, count: int, *, skip: bytes = b"", redriven: bool = False
) -> str:
    """Any bytes for a frame. Returns the entry's id."""
    fields: Any = {"f": packed, "n": count, "b": len(packed), "p": f"demo\0{count + len(skip) // 2}"}
    fields |= ({"s": skip} if skip else {}) | ({"r": 1} if redriven else {})
    entry_id = await redis.xadd(shard.frames, fields)
    await redis.hincrby(shard.counters, "appended", count)  # type: ignore[misc]  # redis-py 5: awaitable or not
    return str(entry_id.decode())
