"""Proof: are the rows there? Asked where a batch was inserted before, by whomever, and it is not known how that ended.

ClickHouse writes a token down before the rows that it stands for can be seen. Killed in between it remembers the token
and has no rows, and drops every insert that comes again, with success. What is missing is brought past the views, which
have tokens of their own and saw the batch when its insert came again. What ours make of it is made once more, which
changes nothing where it was made.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from itertools import compress
from typing import Any

from clickhouse_connect.driver.exceptions import ClickHouseError

from workers import row, telemetry
from workers.attach import attach
from workers.batch import Batch, Rejected
from workers.clickhouse.order import cluster
from workers.clickhouse.visit import visit
from workers.errors import NotNow
from workers.inventory import Inventory
from workers.row import Columns
from workers.sink import Sink

log = logging.getLogger(__name__)

#: views whose targets take a thing that they have again: least, greatest, and a mark that says that something moved
_AGAIN = ("events_to_identity_claims", "events_to_user_traits", "events_to_sightings", "events_to_hour_marks")
_MOMENT = 0.5
_VIEWS = (
    "SELECT create_table_query, as_select FROM system.tables "
    "WHERE database = currentDatabase() AND name IN {names:Array(String)}"
)
_INTO = re.compile(r"CREATE MATERIALIZED VIEW \S+ TO (\S+) \((.*?)\) AS ", re.DOTALL)
_COLUMN = re.compile(r"`(\w+)` ")


async def see(sink: Sink, batch: Batch, columns: Columns, *, url: str, timeout: float) -> None:
    """See that every row of an inserted batch is there, and bring those that are not.

    Raises `NotNow` when the same call must be made again later.
    """
    first, last = (int(one.partition("-")[0]) for one in (batch.entry_ids[0], batch.entry_ids[-1]))
    inventory = Inventory(url, timeout)
    try:
        lacks, rejected = await _missing(inventory, batch, first, last)
        if any(lacks) or rejected:  # rows are seen a moment after their token is known: the first insert may still run
            await asyncio.sleep(_MOMENT)
            lacks, rejected = await _missing(inventory, batch, first, last)
    finally:
        await inventory.close()
    if any(lacks) or rejected:
        events = sum(lacks) + len(rejected)
        telemetry.BROUGHT_AGAIN.inc(events)
        told = {"action": "prove", "shard": batch.shard, "events": events}
        log.warning("ClickHouse knew a token and had no rows; brought again", extra=told)
    where: Mapping[str, Any] = {"shard": batch.shard, "url": url, "timeout": timeout}
    if any(lacks):
        await attach(sink, "events", row.COLUMNS, [list(compress(column, lacks)) for column in columns], **where)
    if rejected:
        rows = row.rejected_columns(batch.shard, rejected)
        await attach(sink, "rejected_events", row.REJECTED_COLUMNS, rows, **where)
    if batch.events:
        await _view_again(url, timeout, batch.shard, first, last)


async def _missing(inventory: Inventory, batch: Batch, first: int, last: int) -> tuple[list[bool], list[Rejected]]:
    """Of each event whether it has no row, and the rejected ones without."""
    lacks = await inventory.lacks(batch.events)
    aside = await inventory.set_aside(batch.shard, first, last) if batch.rejected else {}
    return lacks, [one for one in batch.rejected if one.place not in aside]


async def _view_again(url: str, timeout: float, shard: int, first: int, last: int) -> None:
    """What our views make of these rows, into their tables."""
    only = f"_shard = {shard:d} AND _stream_ms >= {first:d} AND _stream_ms <= {last:d}"
    # of two batches with equal counts the second would be taken for the first, and its hours would not be marked
    settings = {"additional_table_filters": f"{{'events': '{only}'}}", "insert_deduplicate": 0}
    try:
        async with visit(url, int(timeout)) as client:
            on = cluster(client)
            for said in (await client.query(_VIEWS, {"names": list(_AGAIN)})).result_rows:
                made, select = (on.everywhere(str(one)) if on else str(one) for one in said)
                target, columns = _target(made)
                await client.command(f"INSERT INTO {target} ({columns}) {select}", settings=settings)
    except (ClickHouseError, OSError, TimeoutError) as error:
        raise NotNow(f"ClickHouse: {str(error) or type(error).__name__}") from error


def _target(made: str) -> tuple[str, str]:
    """Where a view writes to, and its columns in their order."""
    found = _INTO.match(made)
    if found is None:
        raise NotNow(f"a materialized view is not of the kind TO table: {made[:100]}")
    return found[1], ", ".join(_COLUMN.findall(found[2]))
