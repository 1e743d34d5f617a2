"""The ceiling of batches and of the appender: frames written with a plain XADD. No check, no index, no counters.

    python -m tests.bench.bare_frames --redis URL --batch 100 --seconds 3 --decode 1

With --decode 1 each frame begins as the JSON bodies of requests, decoded with msgspec; with 0 as finished events.
Three writes are under way at once, as the front door has them. Prints one JSON object.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec
import uvloop

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.lot import MAX_FRAME_EVENTS
from ingest_api.sluice import MAX_WRITES
from ingest_api.stream import Redis, connect
from tests.bench import prepared
from tests.bench.measure import own_sample

#: distinct events; they come round again and again
_EVENTS = 64_000
#: bodies of one frame: as many as there are connections in the front door's run
_BODIES = 16
_STREAM = "bare:frames"


class Item(msgspec.Struct, gc=False):
    """The fields of POST /v1/events that the load has."""

    event_type: str
    occurred_at: str
    idempotency_key: str
    user_id: str
    session_id: str
    url: str
    referrer: str
    data: msgspec.Raw


_decode = msgspec.json.Decoder(list[Item]).decode
_encode = msgspec.msgpack.Encoder().encode


def from_bodies(bodies: Sequence[bytes]) -> list[Event]:
    """JSON -> events, the least that makes a frame."""
    now = int(time.time() * 1000)
    return [
        Event(
            item.idempotency_key[:16].encode(), prepared.PROJECT, item.event_type, now, now, bytes(item.data),
            user_id=item.user_id, session_id=item.session_id, url=item.url, referrer=item.referrer,
        )
        for body in bodies
        for item in _decode(body)
    ]  # fmt: skip


def makers(batch: int, *, decode: bool) -> Iterator[Callable[[], list[Event]]]:
    """Endless calls that each give the events of one frame."""
    each = max(1, min(_BODIES, MAX_FRAME_EVENTS // batch))
    if decode:
        bodies = prepared.bodies(_EVENTS // batch, batch, seed=1)
        parts = [bodies[first : first + each] for first in range(0, len(bodies), each)]
        return itertools.cycle([lambda part=part: from_bodies(part) for part in parts])
    events = [entry.event for entry in prepared.stamped(_EVENTS, seed=1)]
    size = each * batch
    groups = [events[first : first + size] for first in range(0, len(events), size)]
    return itertools.cycle([lambda group=group: group for group in groups])


async def write(redis: Redis, made: Iterator[Callable[[], list[Event]]], until: float, latencies: list[float]) -> int:
    """Write frame after frame until then. Returns how many events."""
    events = 0
    while (started := time.perf_counter()) < until:
        group = next(made)()
        data, size = frame.pack(_encode(group))
        await cast("Any", redis).execute_command("XADD", _STREAM, "*", "f", data, "n", len(group), "b", size)
        latencies.append(time.perf_counter() - started)
        events += len(group)
    return events


async def run(options: argparse.Namespace) -> bytes:
    """Write for so many seconds, and leave Redis as it was."""
    redis = connect(options.redis, timeout=None)
    made = makers(options.batch, decode=bool(options.decode))
    latencies: list[float] = []
    await cast("Any", redis).ping()
    started, cpu = time.perf_counter(), time.process_time()
    until = started + options.seconds
    events = sum(await asyncio.gather(*(write(redis, made, until, latencies) for _ in range(MAX_WRITES))))
    sample = own_sample(events, time.perf_counter() - started, time.process_time() - cpu, latencies)
    await redis.unlink(_STREAM)
    await redis.aclose()
    return sample


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--decode", type=int, choices=(0, 1), default=1)
    sys.stdout.buffer.write(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
