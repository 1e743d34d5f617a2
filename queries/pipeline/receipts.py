"""GET /v1/events/{event}: what became of one event. Stored or rejected it lies in ClickHouse, queued in a stream.

ClickHouse is asked, then the streams, then ClickHouse again: an event that moves meanwhile is found all the same.
"""

import asyncio
import re
import uuid
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict, cast

from ingest_api import frame
from ingest_api.moment import text
from ingest_api.progress import ShardProgress
from ingest_api.rules import normalise
from ingest_api.stream import Install, Redis, Shard
from queries import sql
from queries.errors import StoreUnavailable
from queries.freshness import Freshness
from queries.store import Store

_ID = re.compile(r"(?:evt_)?([0-9a-f]{32})|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
#: an event without a key is appended this close to the time that its id names, by clocks that differ a little
_NEAR_MS = 60_000
_PAGE = 16
#: bytes of frames that one question may look into
MAX_BYTES = 64 * 1024 * 1024


#: of two states the later one holds; a rejected event that was sent again is queued
_RANK = ("queued", "rejected", "stored")


class Stretch(NamedTuple):
    """Entries of a shard's stream, by the ends that XRANGE takes."""

    shard: Shard
    first: str
    last: str


class Position(TypedDict):
    """Where an event lies: the shard, the id of the entry in its stream, the place in the frame."""

    shard: int
    entry: str
    index: int


class Receipt(TypedDict):
    """What became of an event. `reason` when it was rejected."""

    event_id: str
    state: Literal["queued", "stored", "rejected"]
    appended_at: str
    position: Position
    reason: NotRequired[str]


class ReceiptAnswer(TypedDict):
    """The answer of GET /v1/events/{event}."""

    success: Literal[True]
    data: Receipt


def parse(event: str) -> uuid.UUID | None:
    """The id as any answer gave it: `evt_` and 32 digits, the digits alone, a UUID."""
    match = _ID.fullmatch(event)
    return uuid.UUID(match[1] or match[2]) if match else None


async def find(redis: Redis, store: Store, freshness: Freshness, project: str, event_id: uuid.UUID) -> Receipt | None:
    """The project's event, or None. Raises the stores' errors."""
    landed = await _landed(store, project, event_id)
    if landed is None:
        shards, install = await freshness.read(), await freshness.install()
        for stretch in await _stretches(redis, install, shards, project, event_id):
            found = await _search(redis, stretch, project, event_id)
            if found is not None:
                return found
        landed = await _landed(store, project, event_id)
    return landed


async def _landed(store: Store, project: str, event_id: uuid.UUID) -> Receipt | None:
    rows = await store.rows(sql.receipt(project, str(event_id)))
    if not rows:
        return None
    state, shard, ms, seq, index, reason = max(rows, key=lambda row: _RANK.index(row[0]))
    receipt = _receipt(event_id, state, Shard(shard), f"{ms}-{seq}", index)
    return {**receipt, "reason": reason} if state == "rejected" else receipt


def _receipt(event_id: uuid.UUID, state: Any, shard: Shard, entry: str, index: int) -> Receipt:
    return {
        "event_id": f"evt_{event_id.hex}",
        "state": state,
        "appended_at": text(int(entry.partition("-")[0])),
        "position": {"shard": shard.number, "entry": entry, "index": index},
    }


async def _stretches(
    redis: Redis, install: Install, shards: list[ShardProgress], project: str, event_id: uuid.UUID
) -> list[Stretch]:
    """Where it could wait: above the floor. A key that the index does not know was not appended within its window."""
    waiting = [one for one in shards if one.oldest]
    found = []
    candidates = normalise.digests(project, event_id.bytes)
    for digests, shard in ((one, shard) for one in candidates for shard in install.keyed_shards(one[0])):
        behind = next((one for one in waiting if one.shard == shard.number), None)
        if behind is None:
            continue
        late = behind.now - behind.oldest >= install.window_ms
        if late or await _indexed(redis, install, shard, behind.now, digests):
            found.append(Stretch(shard, f"({behind.floor}", "+"))
    if event_id.version == 7:
        at = event_id.int >> 80
        for one in waiting:
            first = max((at - _NEAR_MS, 0), _halves(one.floor))
            found.append(Stretch(Shard(one.shard), f"({first[0]}-{first[1]}", str(at + _NEAR_MS)))
    return found


def _halves(entry: str) -> tuple[int, int]:
    ms, _, seq = entry.partition("-")
    return int(ms), int(seq)


async def _indexed(redis: Redis, install: Install, shard: Shard, now: int, digests: list[bytes]) -> bool:
    bucket = now // install.window_ms
    client = cast("Any", redis)  # redis-py 5 wants text where Redis takes bytes
    for one in (bucket, bucket - 1):
        if any(await client.hmget(f"{shard.index}:{one}", digests)):
            return True
    return False


async def _search(redis: Redis, stretch: Stretch, project: str, event_id: uuid.UUID) -> Receipt | None:
    """Look through the entries, page by page."""
    (shard, first, last), looked = stretch, 0
    while page := await redis.xrange(shard.frames, first, last, count=_PAGE):
        for entry_id, fields in page:
            looked += len(fields.get(b"f", b""))
            index = await asyncio.to_thread(_place, fields, project, event_id.bytes)
            if index is not None:
                return _receipt(event_id, "queued", shard, entry_id.decode(), index)
        if looked > MAX_BYTES:
            raise StoreUnavailable(f"more than {MAX_BYTES} bytes of events wait in {shard.frames}")
        first = f"({page[-1][0].decode()}"
    return None


def _place(fields: dict[bytes, bytes], project: str, event_id: bytes) -> int | None:
    """Where an event of the project lies in a frame, if it is there and no duplicate."""
    skip = fields.get(b"s", b"")
    skipped = {int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)}
    try:
        found = frame.find(fields.get(b"f", b""), event_id)
    except frame.BadFrame:
        return None  # it will be rejected whole
    mine = (index for index, event in found if index not in skipped and event.project == project)
    return next(mine, None)
