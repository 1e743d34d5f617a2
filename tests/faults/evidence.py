"""What the oracle judges: what the producers wrote down, and what Redis and ClickHouse say once nothing moves."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest_api.progress import read_progress
from ingest_api.stream import GROUP, Redis, read_install
from tests.faults.recorder import Recorder, Sent
from tests.faults.stage import Stage

#: the drain is given up when nothing moved for this long: more than two of its longest pauses
_PATIENCE = 40.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `events`."""

    id: str
    number: int


@dataclass(frozen=True, slots=True)
class ShardState:
    """Where a shard stands."""

    floor: str
    #: id of the last entry that was ever appended
    last: str
    pending: int

    @property
    def done(self) -> bool:
        return self.pending == 0 and self.floor == self.last


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. Lists are as found, with whatever stands in them twice."""

    sent: dict[int, Sent]
    #: number -> event id, from the recorder's file
    acked: dict[int, str]
    #: acknowledged as new, not as seen before
    fresh: int
    rows: Sequence[Row]
    #: the same table read with FINAL
    final: Sequence[Row]
    #: what the view has counted
    counted: int
    rejected_rows: int
    counters: dict[str, int]
    shards: Sequence[ShardState]
    given_up: set[int] = field(default_factory=set)
    wrong: Sequence[str] = ()
    #: numbers of acknowledged events whose loss is documented
    excused: set[int] = field(default_factory=set)
    #: events put into the streams past the front door
    poisoned: int = 0


async def gather(stage: Stage, recorder: Recorder) -> Evidence:
    """Wait until the drain is through, or stands still, then ask everybody. Raises whatever a store raises."""
    redis = stage.client
    try:
        shards = await _settled(redis)
        install = await read_install(redis)
        counters: dict[str, int] = {}
        for progress in await read_progress(redis, install):
            for name, count in progress.counters.items():
                counters[name] = counters.get(name, 0) + count
    finally:
        await redis.aclose()
    acked, fresh = _read(recorder.file)
    ((counted,),) = await stage.sql("SELECT sum(events) FROM counted")
    ((rejected,),) = await stage.sql("SELECT count() FROM rejected_events FINAL")
    return Evidence(
        sent=recorder.sent,
        acked=acked,
        fresh=fresh,
        rows=await _rows(stage, "events"),
        final=await _rows(stage, "events FINAL"),
        counted=int(counted),
        rejected_rows=int(rejected),
        counters=counters,
        shards=shards,
        given_up=recorder.given_up,
        wrong=recorder.wrong,
        excused=recorder.excused,
        poisoned=recorder.poisoned,
    )


async def shard_states(redis: Redis) -> list[ShardState]:
    """Where every shard stands now."""
    install = await read_install(redis)
    states = []
    for shard, progress in zip(install.shards, await read_progress(redis, install), strict=True):
        stream = await redis.xinfo_stream(shard.frames)
        pending = await redis.xpending(shard.frames, GROUP)
        states.append(ShardState(progress.floor, stream["last-generated-id"].decode(), pending["pending"]))
    return states


async def _settled(redis: Redis) -> list[ShardState]:
    """Wait until every shard is done; or return where they stood still."""
    before: list[ShardState] = []
    deadline = 0.0
    while True:
        states = await shard_states(redis)
        if states != before:
            before, deadline = states, time.monotonic() + _PATIENCE
        if all(state.done for state in states) or time.monotonic() > deadline:
            return states
        await asyncio.sleep(_POLL_SECONDS)


async def _rows(stage: Stage, table: str) -> list[Row]:
    found = await stage.sql(f"SELECT lower(hex(event_id)), toInt64(properties.number) FROM {table}")
    return [Row(f"evt_{event_id}", number) for event_id, number in found]


def _read(file: Path) -> tuple[dict[int, str], int]:
    """The acknowledged events, and how many answers called theirs new."""
    acked: dict[int, str] = {}
    fresh = 0
    for line in file.read_text().splitlines() if file.exists() else []:
        told = json.loads(line)
        acked.setdefault(told["number"], told["id"])
        fresh += not told["again"]
    return acked, fresh
