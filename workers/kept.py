"""What a shard's stream still holds of what was committed: read it, and know from when on it is whole."""

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
    return _kept(await cast("Any", redis).xinfo_stream(shard.frames))


async def page(redis: Redis, shard: Shard, start: str, end: str, count: int) -> tuple[list[Entry], Kept]:
    """Entries from `start` to `end`, at most `count`, and what the stream held at that same moment."""
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        pipe.xrange(shard.frames, min=start, max=end, count=count)
        pipe.xinfo_stream(shard.frames)
        found, info = await pipe.execute()
    entries: list[Entry] = [
        (entry_id, [half for pair in fields.items() for half in pair]) for entry_id, fields in found
    ]
    return entries, _kept(info)


async def tally(redis: Redis, shard: Shard, first_ms: int, last_ms: int) -> int:
    """Events appended from `first_ms` to `last_ms`, as their entries say; those that were duplicates do not count."""
    return int(await cast("Any", redis).eval_ro(_TALLY, 1, shard.frames, str(first_ms), str(last_ms)))


def halves(entry_id: bytes) -> tuple[int, int]:
    """An id in a form that compares as Redis compares it."""
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq)


def _kept(info: dict[str, Any]) -> Kept:
    oldest = info["first-entry"]
    if oldest is None:
        ms, seq = halves(info["last-generated-id"])
        return Kept((ms, seq + 1), info["entries-added"] == 0, empty=True)
    return Kept(halves(oldest[0]), info["entries-added"] == info["length"], empty=False)
