"""The sizes: what an event takes in Redis and in ClickHouse. Counts, not times: a busy machine changes nothing.

Events of two sizes, so that what every event takes is told from what its bytes take. The longer ones have a text of
words, which packs as texts do. The figures go into clients/cli/plan/costs.toml.
"""

import asyncio
import itertools
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from clickhouse_connect.driver.client import Client

from ingest_api import frame
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import Install, connect
from tests import stores
from tests.appending import append
from tests.bench import payload, prepared, visitors
from tests.bench.plan import Plan
from tests.bench.report import Outcome
from tests.bench.room import room
from workers import migrate, pipeline, row
from workers.reference import Reference

_STAGE = "sizes"
_SEED = 5
_BATCHES, _BATCH, _ARRAY = 4, 10_000, 1000
#: words of the longer events' text, and how many different ones there are
_WORDS, _VOCABULARY = 200, 5000
#: how the engine packs parts of more than 100 MB by itself, which hold most events of a table of any size; two million
#: of the shorter events take as many bytes each without it
_LARGE_PARTS = "ZSTD(3)"
#: events of a request, which the shards of a new installation share
_REQUEST = 100
_PLACES = {
    "frame": "in a frame",
    "key": "in the index",
    "appended": "in the append-only file",
    "stored": "in `events`",
    "beside": "in the views' tables",
}


class Sizes(msgspec.Struct, frozen=True):
    """Bytes an event."""

    sent: float
    frame: float
    key: float
    appended: float
    stored: float
    beside: float


def sizes(_plan: Plan) -> Outcome:
    """Bytes of short events, and what each further byte takes."""
    small, large = _measure(0), _measure(_WORDS)
    further = ", ".join(f"{_slope(small, large, field):.3f} {where}" for field, where in _PLACES.items())
    return Outcome(
        [], [f"{_STAGE}: {_told(small)}", f"{_STAGE}: {_told(large)}", f"{_STAGE}: a further byte takes {further}."]
    )


def _told(one: Sizes) -> str:
    places = ", ".join(f"{getattr(one, field):.1f} {where}" for field, where in _PLACES.items())
    return f"an event of {one.sent:.0f} bytes takes {places}."


def _slope(small: Sizes, large: Sizes, field: str) -> float:
    grown: float = getattr(large, field) - getattr(small, field)
    return grown / (large.sent - small.sent)


def _measure(words: int) -> Sizes:
    entries, sent = _entries(words)
    with room() as (_, redis, made):
        asyncio.run(append(redis, made, entries, _REQUEST))
        frame, key, appended = asyncio.run(_in_redis(redis, made))
    stored, beside = _in_clickhouse(entries)
    return Sizes(*(total / len(entries) for total in (sent, frame, key, appended, stored, beside)))


def _entries(words: int) -> tuple[list[Stamped], int]:
    """Events of visitors as unequal as they are, and their bytes as they were sent."""
    arrays = list(_arrays(words))
    visits = [event for batch in visitors.batches(_BATCHES) for event in batch.events]
    entries = prepared.received(arrays)
    for entry, visit in zip(entries, visits, strict=True):
        own = entry.event
        event = msgspec.structs.replace(
            visit, event_id=own.event_id, project=prepared.PROJECT, properties=own.properties
        )
        entry.row = frame.row(event)
    return entries, sum(map(len, arrays))


def _arrays(words: int) -> Iterator[bytes]:
    choice = random.Random(_SEED)
    letters = "etaoinshrdlucmfw"
    vocabulary = ["".join(choice.choices(letters, k=choice.randrange(2, 11))) for _ in range(_VOCABULARY)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))
    events = payload.events(_SEED)

    def longer(event: bytes) -> bytes:
        text = " ".join(choice.choices(vocabulary, cum_weights=weights, k=words))
        return event.replace(b'"data":{', f'"data":{{"text":"{text}",'.encode()) if words else event

    for _ in range(_BATCHES * _BATCH // _ARRAY):
        yield b"[" + b",".join(map(longer, itertools.islice(events, _ARRAY))) + b"]"


async def _in_redis(url: str, made: Install) -> tuple[int, int, int]:
    """Bytes of the frames and of the index in memory, and of the append-only file."""
    redis = connect(url)
    usage = cast("Any", redis).memory_usage
    frames = sum([await usage(shard.frames, samples=0) for shard in made.shards])
    index = sum([await usage(key, samples=0) async for key in redis.scan_iter("*:index:*")])
    appended = int((await cast("Any", redis).info("persistence"))["aof_current_size"])
    await redis.aclose()
    return frames, index, appended


def _in_clickhouse(entries: Sequence[Stamped]) -> tuple[int, int]:
    """Bytes on disk, merged: of the events, and of everything that views keep beside them."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name, stores.local_clickhouse(Path(name)) as url:
        stores.migrate(url)
        with migrate.connect(url) as client:
            empty = _on_disk(client)
            for batch in prepared.batches([entry.event for entry in entries], _BATCH):
                columns = row.columns(pipeline.run(batch, Reference()))
                client.insert("events", columns, column_names=list(row.COLUMNS), column_oriented=True)
            client.command(f"ALTER TABLE events MODIFY SETTING default_compression_codec = '{_LARGE_PARTS}'")
            for table in empty.keys() | _on_disk(client).keys():
                client.command(f"OPTIMIZE TABLE {table} FINAL")
            found = _on_disk(client)
    return found["events"], sum(found.values()) - found["events"] - sum(empty.values())


def _on_disk(client: Client) -> dict[str, int]:
    """Table -> bytes of its active parts."""
    rows = client.query(
        "SELECT table, sum(bytes_on_disk) FROM system.parts "
        "WHERE active AND database = currentDatabase() GROUP BY table"
    ).result_rows
    return {str(table): int(size) for table, size in rows}
