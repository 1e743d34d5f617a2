"""Mending the kept tail: committed frames of which something is erased move, without it, into a stream beside.

A frame cannot be changed where it lies. What is taken out of a stream stays in memory and in Redis's files until all
entries that share a node with it are gone. So these move, too, as they are. `workers/kept.py` reads both as one.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.stream import Redis, Shard
from workers import kept
from workers.batch import Entry
from workers.forgotten import Forgotten
from workers.glimpse import glimpse

#: Redis puts so much of a stream into one node, as it is configured by default
NODE_ENTRIES, NODE_BYTES = 100, 4096
_PAGE = 16
_AT_ONCE = 1000
#: stands in the place of an erased event; its position is in the skip list
_NOTHING = b"\x90"
#: field of an entry that was mended
_MENDED = b"e"


@dataclass(slots=True)
class Found:
    """What of one entry is erased: places in the frame; project and id of each event that has one."""

    places: list[int] = field(default_factory=list)
    ids: list[tuple[str, bytes]] = field(default_factory=list)


class Mending:
    """What is known to be erased. `unreadable`: a project of which that is erased, too, which nobody can read."""

    def __init__(self, known: Forgotten, unreadable: str = "") -> None:
        self._known = known
        self._projects = {project.encode() for project in known.rules}
        self._unreadable = unreadable

    async def ids(self, redis: Redis, shard: Shard) -> AsyncIterator[list[tuple[str, bytes]]]:
        """Project and id of what is erased, entry by entry, of duplicates and what waits above the floor, too."""
        start = "-"
        while entries := (await kept.page(redis, shard, start, "+", _PAGE))[0]:
            for _, flat in entries:
                yield self.found(_fields(flat)).ids
            start = f"({entries[-1][0].decode()}"

    async def mend(self, redis: Redis, shard: Shard) -> AsyncIterator[int]:
        """Mend what lies below the floor; how many events were erased, again and again. Killed, it changed nothing."""
        floor = await cast("Any", redis).get(shard.floor)
        if floor is None:
            return
        fresh, moved, erased = f"{shard.mended}:new", [], 0
        await redis.delete(fresh)
        async for (entry_id, flat), found in self._moving(redis, shard, floor.decode()):
            fields = _fields(flat)
            if _MENDED not in fields:
                moved.append(entry_id)
            await cast("Any", redis).xadd(fresh, _mended(fields, found), id=entry_id)
            erased += len(found.places)
            yield 0
        if erased:
            await _swap(redis, shard, fresh, moved)
        else:
            await redis.delete(fresh)
        yield erased

    async def _moving(self, redis: Redis, shard: Shard, floor: str) -> AsyncIterator[tuple[Entry, Found]]:
        """In order: what was mended before, what is to be mended, and what may share a node with that."""
        start = "-"
        before: deque[tuple[Entry, int]] = deque()
        entries_left = bytes_left = 0
        while entries := (await kept.page(redis, shard, start, floor, _PAGE))[0]:
            for entry in entries:
                fields = _fields(entry[1])
                found, size = self.found(fields), sum(map(len, fields.values()))
                if _MENDED in fields:
                    yield entry, found
                    continue
                if found.places:
                    for one, _ in before:
                        yield one, Found()
                    before.clear()
                    entries_left, bytes_left = NODE_ENTRIES, NODE_BYTES
                elif entries_left <= 0 or bytes_left <= 0:
                    _remember(before, entry, size)
                    continue
                entries_left, bytes_left = entries_left - 1, bytes_left - size
                yield entry, found
            start = f"({entries[-1][0].decode()}"

    def found(self, fields: dict[bytes, bytes]) -> Found:
        """What of an entry is erased."""
        owners = fields.get(b"p", b"").split(b"\0")[::2]
        if b"p" in fields and self._projects.isdisjoint(owners):
            return Found()
        try:
            rows = frame.decode(fields.get(b"f", b""))
        except frame.BadFrame:
            mine = set(owners) == {self._unreadable.encode()}
            return Found(list(range(sum(map(int, fields[b"p"].split(b"\0")[1::2]))))) if mine else Found()
        places = self._hits(rows)
        return Found(places, [one for place in places if (one := _id(rows[place]))[1]])

    def _hits(self, rows: Sequence[Event | frame.BadEvent]) -> list[int]:
        events = [(place, row) for place, row in enumerate(rows) if isinstance(row, Event)]
        hits = self._known.hits([row for _, row in events])
        places = [place for (place, _), hit in zip(events, hits, strict=True) if hit] if hits else []
        for row in rows:
            if isinstance(row, Event):
                continue
            seen = glimpse(row.raw)
            mine = seen.project == self._unreadable != ""
            if mine or self._known.raw(row.raw, seen.event_id):
                places.append(row.index)
        return sorted(places)


def _id(row: Event | frame.BadEvent) -> tuple[str, bytes]:
    if isinstance(row, Event):
        return row.project, row.event_id
    seen = glimpse(row.raw)
    return seen.project, seen.event_id


def _mended(fields: dict[bytes, bytes], found: Found) -> dict[bytes, bytes | int]:
    """The entry without what was found; the events that stay keep their places."""
    if not found.places:
        return {**fields, _MENDED: b"1"}
    places, skipped = set(found.places), _positions(fields.get(b"s", b""))
    try:
        rows = frame.split(fields[b"f"], frame.MAX_UNPACKED)
    except frame.BadFrame:
        rows = [b""] * len(places)
    packed, size = frame.encode_rows([_NOTHING if place in places else row for place, row in enumerate(rows)])
    live = int(fields.get(b"n", 0)) - len(places - skipped)
    skip = b"".join(place.to_bytes(2, "big") for place in sorted(places | skipped))
    return {**fields, b"f": packed, b"b": size, b"n": max(0, live), b"s": skip, _MENDED: b"1"}


async def _swap(redis: Redis, shard: Shard, fresh: str, moved: Sequence[bytes]) -> None:
    """In one step: whoever reads both streams finds each entry once."""
    async with redis.pipeline(transaction=True) as pipe:
        for first in range(0, len(moved), _AT_ONCE):
            pipe.xdel(shard.frames, *(one.decode() for one in moved[first : first + _AT_ONCE]))
        pipe.rename(fresh, shard.mended)
        await pipe.execute()


def _remember(before: deque[tuple[Entry, int]], entry: Entry, size: int) -> None:
    """What may share a node with the next entries: a node is closed by number and by size."""
    before.append((entry, size))
    while len(before) >= NODE_ENTRIES or sum(size for _, size in before) >= NODE_BYTES:
        before.popleft()


def _fields(flat: Sequence[bytes] | None) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True)) if flat else {}


def _positions(skip: bytes) -> set[int]:
    return {int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)}
