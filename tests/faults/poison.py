"""Entries that can never become rows, put into the streams past the front door."""

import asyncio
import secrets
import time
from typing import Any, cast

import msgspec

from ingest_api import frame, zstd
from ingest_api.event import Event
from tests.faults.play import Play
from tests.faults.recorder import NAME
from tests.faults.staging import PROJECT

#: a frame of this version and packing
_HEAD = bytes((frame.VERSION,)) + b"r"


async def append(play: Play, packed: bytes, events: int, shard: int = 0) -> None:
    """Append an entry as an older front door did: it claims this many events, and no project."""
    redis = play.stage.client
    there = (await play.stage.install()).shards[shard]
    async with redis.pipeline(transaction=True) as pipe:
        pipe.xadd(there.frames, {"f": packed, "n": events, "b": len(packed)})
        pipe.hincrby(there.counters, "appended", events)
        await cast("Any", pipe).execute()
    await redis.aclose()
    play.recorder.poisoned += events


async def no_events(play: Play, count: int) -> None:
    """A frame whose rows are no events, in every shard."""
    packed = _HEAD + msgspec.msgpack.encode([f"no event {number}" for number in range(count)])
    for shard in (await play.stage.install()).shards:
        await append(play, packed, count, shard.number)


async def no_frame(play: Play) -> None:
    """Bytes that are no frame."""
    await append(play, b"\xffx nothing that anybody wrote", 1)


async def refused_properties(play: Play, count: int) -> None:
    """Events whose properties ClickHouse does not take, each between two good ones."""
    events = []
    for _ in range(count):
        first, last = play.recorder.make(), play.recorder.make()
        good = (b'{"number":%d}' % one.number for one in (first, last))
        events += [_event(properties) for properties in (next(good), b'{"number":1e999}', next(good))]
    packed, _ = frame.encode(events)
    await append(play, packed, len(events))


async def a_bomb(play: Play) -> None:
    """An entry of few bytes that unpacks to a hundred million rows."""
    rows = b"\xdd" + (100_000_000).to_bytes(4, "big") + b"\xc0" * 100_000_000
    packed = await asyncio.to_thread(zstd.compress, rows, 1)
    await append(play, bytes((frame.VERSION,)) + b"z" + packed, 1)


def _event(properties: bytes) -> Event:
    now = time.time_ns() // 1_000_000
    return Event(secrets.token_bytes(16), PROJECT, NAME, now, now, properties)
