"""Proof: are the rows there? Asked where a batch was inserted before, by whomever, and it is not known how that ended.

ClickHouse writes a token down before the rows that it stands for can be seen. Killed in between it remembers the token
and has no rows, and drops every insert that comes again, with success. What is missing is brought under another token.
Materialized views have tokens of their own: what ours make of the batch is made once more, which changes nothing where
it was made.
"""

import logging
import re
import secrets
from itertools import compress

from clickhouse_connect.driver.exceptions import ClickHouseError

from workers import telemetry
from workers.batch import Batch
from workers.errors import NotNow
from workers.inventory import Inventory
from workers.row import Columns
from workers.sink import Sink
from workers.visit import visit

log = logging.getLogger(__name__)

#: views whose targets take a thing that they have again: least, greatest, and a mark that says that something moved
_AGAIN = ("events_to_identity_claims", "events_to_user_traits", "events_to_sightings", "events_to_hour_marks")
_VIEWS = (
    "SELECT create_table_query, as_select FROM system.tables "
    "WHERE database = currentDatabase() AND name IN {names:Array(String)}"
)
_INTO = re.compile(r"CREATE MATERIALIZED VIEW \S+ TO (\S+) \((.*?)\) AS ", re.DOTALL)
_COLUMN = re.compile(r"`(\w+)` ")


async def see(sink: Sink, batch: Batch, token: str, columns: Columns, *, url: str, timeout: float) -> None:
    """See that every row of an inserted batch is there, and bring those that are not.

    Raises `NotNow` when the same call must be made again later.
    """
    first, last = (int(one.partition("-")[0]) for one in (batch.entry_ids[0], batch.entry_ids[-1]))
    inventory = Inventory(url, timeout)
    try:
        lacks = await inventory.lacks(batch.events)
        aside = await inventory.set_aside(batch.shard, first, last) if batch.rejected else {}
    finally:
        await inventory.close()
    missing = Batch(batch.shard, batch.entry_ids)
    missing.events = list(compress(batch.events, lacks))
    missing.positions = list(compress(batch.positions, lacks))
    missing.rejected = [one for one in batch.rejected if one.place not in aside]
    if missing.events or missing.rejected:
        events = len(missing.events) + len(missing.rejected)
        telemetry.BROUGHT_AGAIN.inc(events)
        told = {"action": "prove", "shard": batch.shard, "events": events}
        log.warning("ClickHouse knew a token and had no rows; brought again", extra=told)
        rows: Columns = [list(compress(column, lacks)) for column in columns]
        await sink.insert(missing, f"{token}:again:{secrets.token_hex(8)}", rows)
    if batch.events:
        await _view_again(url, timeout, batch.shard, first, last)


async def _view_again(url: str, timeout: float, shard: int, first: int, last: int) -> None:
    """What our views make of these rows, into their tables."""
    only = f"_shard = {shard:d} AND _stream_ms >= {first:d} AND _stream_ms <= {last:d}"
    # of two batches with equal counts the second would be taken for the first, and its hours would not be marked
    settings = {"additional_table_filters": f"{{'events': '{only}'}}", "insert_deduplicate": 0}
    try:
        async with visit(url, int(timeout)) as client:
            for made, select in (await client.query(_VIEWS, {"names": list(_AGAIN)})).result_rows:
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
