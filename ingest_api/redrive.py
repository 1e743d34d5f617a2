"""Redrive: rejected events are put back into the streams, with the ids they have, each once.

Each is keyed in the index by its id and by where it lay when it was rejected: a redrive that is made twice, or again
after a crash, puts nothing back twice. Rejected once more it lies elsewhere, and may be redriven again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from redis.exceptions import ResponseError

from ingest_api import frame
from ingest_api.durability import Command
from ingest_api.lane import lane_at
from ingest_api.stream import LIBRARY, Install, Redis, Shard

WRITE_SECONDS = 10.0
#: of one frame, so that one large redrive holds up nobody
MAX_EVENTS, MAX_BYTES = 500, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rejected:
    """What lies in `rejected_events`: where it lay in the streams, whose it is, and what can be put back."""

    place: tuple[int, int, int, int]
    project: str
    event_id: bytes
    #: the event's MessagePack row, or with `whole` a frame of so many `events`, less those of the skip list
    raw: bytes
    whole: bool = False
    events: int = 1
    skip: bytes = b""

    @property
    def digest(self) -> bytes:
        """Its key in the index."""
        place = ":".join(map(str, self.place)).encode()
        return hashlib.sha256(b"redrive\0" + self.event_id + b"\0" + place).digest()[:16]


async def put_back(redis: Redis, install: Install, rejected: Sequence[Rejected]) -> int:
    """Append them, as safe as any event is. Returns how many had not been put back before.

    Raises redis-py's errors, `OSError` or `TimeoutError`: some may be in the streams then; call again.
    """
    commands = [_command(install, shard, some) for shard, some in _frames(install, rejected)]
    if not commands:
        return 0
    lane = lane_at(install.durability, redis, WRITE_SECONDS)
    try:
        answers = await lane.fcall(commands)
    finally:
        await lane.close()
    return sum(map(_number, answers))


def _number(answer: Any) -> int:
    if isinstance(answer, ResponseError):
        raise answer
    return int(answer)


def _frames(install: Install, rejected: Iterable[Rejected]) -> Iterator[tuple[Shard, list[Rejected]]]:
    """What goes together: a whole frame alone, events of one project up to a size."""
    shards = install.shards

    def shard(one: Rejected) -> int:
        return int.from_bytes(one.digest[-4:], "big") % len(shards)

    def group(one: Rejected) -> tuple[int, str, bytes]:
        return shard(one), one.project, one.digest if one.whole else b""

    for (number, _, _), some in groupby(sorted(rejected, key=group), key=group):
        lot: list[Rejected] = []
        size = 0
        for one in some:
            if lot and (len(lot) >= MAX_EVENTS or size + len(one.raw) > MAX_BYTES):
                yield shards[number], lot
                lot, size = [], 0
            lot.append(one)
            size += len(one.raw)
        yield shards[number], lot


def _command(install: Install, shard: Shard, some: list[Rejected]) -> Command:
    first = some[0]
    if first.whole:
        data, size, events = first.raw, len(first.raw), first.events
    else:
        (data, size), events = frame.encode_rows([one.raw for one in some]), len(some)
    keyed = b"".join(place.to_bytes(2, "big") + one.digest + one.digest[:8] for place, one in enumerate(some))
    keys = (shard.frames, shard.index, shard.counters, shard.ledger)
    return (
        "FCALL", f"{LIBRARY}_restore", len(keys), *keys,
        install.window_ms, events, size, data, keyed, first.skip, first.project,
    )  # fmt: skip
