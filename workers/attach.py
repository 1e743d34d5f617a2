"""Attach: rows into a table past its views. They are written into a table beside it, whose parts are moved over then.

What is brought again was shown to the views before, under the batch's own token; one that adds up would count it twice.
"""

from clickhouse_connect.driver.exceptions import ClickHouseError

from workers.clickhouse.order import level, order
from workers.clickhouse.visit import visit
from workers.errors import NotNow
from workers.row import Columns
from workers.sink import Sink

_PARTITIONS = "SELECT DISTINCT _partition_id FROM {beside:Identifier}"


async def attach(
    sink: Sink, table: str, types: dict[str, str], rows: Columns, *, shard: int, url: str, timeout: float
) -> None:
    """Store these rows. Raises `NotNow` when they must be looked for, and what is missing attached, again.

    The table beside is the shard's own. What a killed worker left in it was not moved, and is dropped here.
    """
    beside = f"{table}_again_{shard:d}"
    try:
        async with visit(url, int(timeout)) as client:
            await order(client, f"DROP TABLE IF EXISTS {beside} SYNC")
            await order(client, f"CREATE TABLE {beside} AS {table}")
            await sink.put(beside, types, rows)
            await level(client, beside)  # a replica that lacks some would move the others
            for (partition,) in (await client.query(_PARTITIONS, {"beside": beside})).result_rows:
                await order(client, f"ALTER TABLE {beside} MOVE PARTITION ID '{partition}' TO TABLE {table}")
            await order(client, f"DROP TABLE {beside} SYNC")
    except (ClickHouseError, OSError, TimeoutError) as error:
        raise NotNow(f"ClickHouse: {str(error) or type(error).__name__}") from error
