"""What a shard's stream still holds of what was committed: read it, and know from when on it is whole.

It lies in two streams: as it came, and mended, where something of it was erased. Both are read as one.
"""

import importlib.resources
from dataclasses import dataclass
from typing import Any, cast

from ingest_api.stream import Redis, Shard
from workers.batch import Entry

#: while this key lives the tail is being read, and the trim of committed frames rests
IN_USE = "headrace:replay:tail"
_TALLY = (importlib.resources.files("workers") / "tally.lua").read_text()


@dataclass(frozen=True, slots=True)
class Kept:
    """A stream at one moment."""

    #: id of the oldest entry, as its halves; of an empty stream the id behind the last that it held
    first: tuple[int, int]
    #: nothing was ever dropped from it
    whole: bool
    empty: bool


async def look(redis: Redis, shard: Shard) -> Kept:
    """What is there now."""
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        _ask(pipe, shard)
        return _kept(*await pipe.execute())


async def page(redis: Redis, shard: Shard, start: str, end: str, count: int) -> tuple[list[Entry], Kept]:
    """Entries from `start` to `end`, at most `count`, and what the stream held at that same moment."""
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        pipe.xrange(shard.frames, min=start, max=end, count=count)
        pipe.xrange(shard.mended, min=start, max=end, count=count)
        _ask(pipe, shard)
        frames, mended, *there = await pipe.execute()
    found = sorted(frames + mended, key=lambda one: halves(one[0]))[:count] if mended else frames
    entries: list[Entry] = [
        (entry_id, [half for pair in fields.items() for half in pair]) for entry_id, fields in found
    ]
    return entries, _kept(*there)


async def tally(redis: Redis, shard: Shard, first_ms: int, last_ms: int) -> int:
    """Events appended from `first_ms` to `last_ms`, as their entries say; those that were duplicates do not count."""
    count = cast("Any", redis).eval_ro
    return sum([int(await count(_TALLY, 1, key, str(first_ms), str(last_ms))) for key in (shard.frames, shard.mended)])


def halves(entry_id: bytes) -> tuple[int, int]:
    """An id in a form that compares as Redis compares it."""
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq)


def _ask(pipe: Any, shard: Shard) -> None:
    pipe.xinfo_stream(shard.frames)
    pipe.xlen(shard.mended)
    pipe.xrange(shard.mended, count=1)


def _kept(info: dict[str, Any], mended: int, first_mended: list[tuple[bytes, Any]]) -> Kept:
    whole = info["entries-added"] == info["length"] + mended
    oldest = [halves(entry[0]) for entry in (info["first-entry"], *first_mended) if entry is not None]
    if not oldest:
        ms, seq = halves(info["last-generated-id"])
        return Kept((ms, seq + 1), whole, empty=True)
    return Kept(min(oldest), whole, empty=False)
