"""Redrive: rejected events are put back into the streams, with the ids they have, each once.

Each is keyed in the index by its id and by where it lay when it was rejected: a redrive that is made twice, or again
after a crash, puts nothing back twice. Rejected once more it lies elsewhere, and may be redriven again.
"""

import functools
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from redis.exceptions import ResponseError

from ingest_api import frame
from ingest_api.durability import Command
from ingest_api.lane import lane_at
from ingest_api.servers import routing
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

    Raises redis-py's errors, `OSError` or `TimeoutError`: some may be in the streams then; call again, with the
    installation as it is then.
    """
    if install.count_before:
        rejected = await _unknown(redis, install, rejected)
    commands = [(shard, _command(install, shard, some)) for shard, some in _frames(install, rejected)]
    return sum([int(answer) async for _, answer in _sent(redis, install, commands)])


async def _unknown(redis: Redis, install: Install, rejected: Iterable[Rejected]) -> list[Rejected]:
    """Without those that were put back before the number of shards was raised, into other shards than theirs now."""
    left: list[Rejected] = []
    before: dict[Shard, list[Rejected]] = {}
    for one in rejected:
        shards = install.keyed_shards(one.digest)
        (left if len(shards) == 1 else before.setdefault(shards[1], [])).append(one)
    asked = [(shard, _question(install, shard, some)) for shard, some in before.items()]
    async for shard, answer in _sent(redis, install, asked):
        left += [one for one, said in zip(before[shard], answer, strict=True) if said == ord("0")]
    return left


async def _sent(
    redis: Redis, install: Install, commands: Sequence[tuple[Shard, Command]]
) -> AsyncIterator[tuple[Shard, Any]]:
    """What each shard answered, as safe as any write is."""
    servers: dict[Redis, list[tuple[Shard, Command]]] = {}
    for shard, command in commands:
        servers.setdefault(await routing.at(redis, shard.number), []).append((shard, command))
    for server, parts in servers.items():
        probe = functools.partial(routing.probe, redis, parts[0][0].number)
        lane = lane_at(install.durability, server, WRITE_SECONDS, probe)
        try:
            answers = await lane.fcall([command for _, command in parts])
        finally:
            await lane.close()
        for (shard, _), answer in zip(parts, answers, strict=True):
            if isinstance(answer, ResponseError):
                raise answer
            yield shard, answer


def _frames(install: Install, rejected: Iterable[Rejected]) -> Iterator[tuple[Shard, list[Rejected]]]:
    """What goes together: a whole frame alone, events of one project up to a size."""
    shards = install.shards

    def group(one: Rejected) -> tuple[int, str, bytes]:
        return install.keyed_shards(one.digest)[0].number, one.project, one.digest if one.whole else b""

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
    keys = shard.appending
    return (
        "FCALL", f"{LIBRARY}_restore", len(keys), *keys,
        install.window_ms, events, size, data, _keyed(some), first.skip, first.project, install.shard_count,
    )  # fmt: skip


def _question(install: Install, shard: Shard, some: Sequence[Rejected]) -> Command:
    """Whether they were put back there. They are nobody's duplicates, so they are counted for no project."""
    keys = (shard.index, shard.counters, shard.ledger)
    return ("FCALL", f"{LIBRARY}_known", len(keys), *keys, install.window_ms, _keyed(some), "")


def _keyed(some: Sequence[Rejected]) -> bytes:
    return b"".join(place.to_bytes(2, "big") + one.digest + one.digest[:8] for place, one in enumerate(some))
