"""The audit: does ClickHouse hold what the streams say it should? Every minute that is closed, as long as it is kept.

Counts are compared first. Only where they differ are the events themselves looked for: two rows may have become one,
a replay may have brought some twice, a project may keep them no longer or have erased them; none of this is a loss.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from ingest_api import moment
from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import Redis, Shard, read_install
from workers import kept, retention
from workers.batch import decode
from workers.inventory import MINUTE_MS, Inventory
from workers.reference import Reference, References
from workers.row import reject_impossible
from workers.steps.erased import erased

log = logging.getLogger(__name__)

#: the last audit's findings, for every worker and for `headrace doctor`
FINDINGS = "headrace:audit"
TIMEOUT_SECONDS = 30.0
_PAGE = 16


class Hole(msgspec.Struct, frozen=True):
    """Minutes of a shard, one after the other, in which events are missing. From Unix ms, until Unix ms."""

    shard: int
    first_ms: int
    until_ms: int
    missing: int


class Findings(msgspec.Struct, frozen=True):
    """What an audit found, and when."""

    at: int
    minutes: int
    holes: list[Hole]

    @property
    def missing(self) -> int:
        return sum(hole.missing for hole in self.holes)

    @property
    def remedy(self) -> str:
        """What to type; empty when nothing is missing."""
        if not self.holes:
            return ""
        first, until = min(hole.first_ms for hole in self.holes), max(hole.until_ms for hole in self.holes)
        shards = {hole.shard for hole in self.holes}
        only = f" --shard {shards.pop()}" if len(shards) == 1 else ""
        return f"headrace replay --from {moment.text(first)} --to {moment.text(until)}{only}"


async def audit(redis: Redis, clickhouse_url: str) -> Findings:
    """Compare, tell, and leave the findings in Redis. Raises `NotNow` or redis-py's errors where a store is away."""
    install = await read_install(redis)
    progress = await read_progress(redis, install)
    now = progress[0].now
    oldest = await retention.oldest(redis, now)
    reference = await References(redis).current()
    inventory = Inventory(clickhouse_url, TIMEOUT_SECONDS)
    try:
        expected = {place: count for shard in progress for place, count in (await _expected(redis, shard)).items()}
        suspects = await _suspects(inventory, expected)
        missing = [(place, await _missing(redis, inventory, place, oldest, reference)) for place in suspects]
    finally:
        await inventory.close()
    findings = Findings(now, len(expected), _holes((place, count) for place, count in missing if count))
    if findings.holes:
        shards = sorted({hole.shard for hole in findings.holes})
        log.critical(
            "acknowledged events are missing in ClickHouse",
            extra={"action": "audit", "events": findings.missing, "shards": shards, "remedy": findings.remedy},
        )
    await cast("Any", redis).set(FINDINGS, msgspec.json.encode(findings))
    return findings


async def read(redis: Redis) -> Findings | None:
    """What the last audit found."""
    raw = await cast("Any", redis).get(FINDINGS)
    return msgspec.json.decode(raw, type=Findings) if raw else None


async def _expected(redis: Redis, progress: ShardProgress) -> dict[tuple[int, int], int]:
    """(shard, minute) -> events, of the minutes that are wholly kept and wholly committed."""
    shard = Shard(progress.shard)
    if progress.floor == "0-0":
        return {}
    there = await kept.look(redis, shard)
    if there.empty:
        return {}
    first = there.first[0] // MINUTE_MS + (not there.whole)
    until = min(progress.fresh_through, progress.now) // MINUTE_MS
    last = int(progress.floor.partition("-")[0]) // MINUTE_MS
    minutes = range(first, min(until, last + 1))
    return {
        (shard.number, minute): await kept.tally(redis, shard, minute * MINUTE_MS, (minute + 1) * MINUTE_MS - 1)
        for minute in minutes
    }


async def _suspects(inventory: Inventory, expected: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    if not expected:
        return []
    minutes = [minute for _, minute in expected]
    found = await inventory.counts(min(minutes), max(minutes) + 1)
    return [place for place, count in sorted(expected.items()) if found.get(place, 0) != count]


async def _missing(
    redis: Redis, inventory: Inventory, place: tuple[int, int], oldest: Mapping[str, int], reference: Reference
) -> int:
    """Events of one minute that should have a row and have none."""
    shard, first_ms = Shard(place[0]), place[1] * MINUTE_MS
    start, end = str(first_ms), str(first_ms + MINUTE_MS - 1)
    aside = await inventory.set_aside(shard.number, first_ms, first_ms + MINUTE_MS - 1)
    missing = 0
    while True:
        entries, _ = await kept.page(redis, shard, start, end, _PAGE)
        if not entries:
            return missing
        batch = await asyncio.to_thread(decode, shard.number, entries, aside)
        reject_impossible(batch, reference)
        erased(batch, reference)
        await inventory.keep_missing(batch, aside, oldest)
        missing += len(batch.events) + sum(one.events for one in batch.rejected)
        start = f"({entries[-1][0].decode()}"


def _holes(missing: Iterable[tuple[tuple[int, int], int]]) -> list[Hole]:
    holes: list[Hole] = []
    for (shard, minute), count in missing:
        hole = Hole(shard, minute * MINUTE_MS, (minute + 1) * MINUTE_MS, count)
        if holes and (holes[-1].shard, holes[-1].until_ms) == (shard, hole.first_ms):
            before = holes.pop()
            hole = Hole(shard, before.first_ms, hole.until_ms, before.missing + count)
        holes.append(hole)
    return holes
