"""The ledger's way into ClickHouse: each minute once it can no longer change, and an alarm where it does not balance.

The cursor of a book moves after its minutes are stored, so a crash in between copies the same values again.
"""

import logging
from collections.abc import Mapping

from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api import ledger
from ingest_api.ledger import Book, Counts
from ingest_api.progress import read_progress
from ingest_api.stream import Redis, read_install
from workers import telemetry
from workers.clickhouse.visit import visit
from workers.errors import NotNow

log = logging.getLogger(__name__)

COLUMNS = ("project", "minute", "shard", "outcome", "events", "copied_at")
#: minutes of each book that travel together
_MINUTES = 60
_TIMEOUT_SECONDS = 30
#: unbalanced places of the last day; refusals end at once and belong to no balance
_UNBALANCED = """
SELECT count() FROM (
    SELECT project, minute, shard, sumIf(events, outcome = 'accepted') AS accepted,
           sumIf(events, outcome IN ('stored', 'rejected', 'repeated', 'erased')) AS ended
    FROM ledger FINAL WHERE minute >= fromUnixTimestamp({since:Int64}) GROUP BY project, minute, shard
) WHERE accepted != ended"""


async def copy(redis: Redis, clickhouse_url: str) -> int:
    """Copy what is settled. Returns how many lines went.

    Raises `NotNow` or redis-py's errors where a store is away; the next run goes on from there.
    """
    install = await read_install(redis)
    progress = await read_progress(redis, install)  # before the counts: they can only be newer
    now_ms = progress[0].now
    behind = dict(zip(ledger.books(install.shards), map(ledger.settled, progress), strict=True))
    behind[ledger.REFUSALS] = now_ms // ledger.MINUTE_MS - ledger.REFUSED_MINUTES
    try:
        async with visit(clickhouse_url, _TIMEOUT_SECONDS) as client:
            copied = 0
            while todo := await _due(redis, behind):
                copied += await _copy(redis, client, todo, now_ms)
            since = now_ms // 1000 - 86_400
            found = await client.command(_UNBALANCED, parameters={"since": since})
    except ClickHouseError as error:
        raise NotNow(str(error)) from error
    telemetry.LEDGER_UNBALANCED.set(int(str(found)))
    return copied


async def _due(redis: Redis, behind: Mapping[Book, int]) -> dict[Book, range]:
    """The next minutes of each book that are settled and not copied."""
    due = {}
    for (book, end), cursor in zip(behind.items(), await ledger.cursors(redis, list(behind)), strict=True):
        if cursor is not None and cursor < end:
            first = max(cursor, end - ledger.KEEP_MINUTES)  # older ones are gone from Redis
            due[book] = range(first, min(first + _MINUTES, end))
    return due


async def _copy(redis: Redis, client: AsyncClient, todo: Mapping[Book, range], now_ms: int) -> int:
    lines: dict[ledger.Line, int] = {}
    for book, minutes in todo.items():
        lines |= await ledger.read(redis, book, minutes)
    if lines:
        rows = [
            (line.project, line.minute * 60, line.shard, line.outcome, count, now_ms) for line, count in lines.items()
        ]
        await client.insert("ledger", rows, column_names=COLUMNS)
    _alarm(lines)
    for book, minutes in todo.items():
        await ledger.close(redis, book, minutes)
    return len(lines)


def _alarm(lines: Counts) -> None:
    """Say so where what was accepted and what it came to differ: an event was lost, or counted twice."""
    wrong = ledger.in_flight(lines)
    if wrong:
        (minute, project, shard), count = next(iter(wrong.items()))
        why = f"project {project}, shard {shard}, minute {minute * 60} (Unix time): {count} accepted have no outcome"
        log.critical("the ledger does not balance", extra={"action": "ledger", "places": len(wrong), "first": why})
