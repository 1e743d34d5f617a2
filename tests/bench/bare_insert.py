"""The ceiling of the drain: rows that are columns already, inserted in batches as large as a worker's. No Redis.

    python -m tests.bench.bare_insert --clickhouse URL --events 200000 --inserts 2

Writes into a table of its own with the schema of `events`, and drops it. Prints one JSON object.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator

import clickhouse_connect
import uvloop
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.settings import Settings as FrontDoor
from tests.bench import prepared
from tests.bench.measure import own_sample
from workers import pipeline, row
from workers.clickhouse.address import address
from workers.reference import Reference
from workers.settings import Settings

_TABLE = "bare_events"
_ROWS = Settings.model_fields["batch_events"].default
_INSERTS = FrontDoor.model_fields["shards"].default
_SETTINGS = {
    "async_insert": 0,
    "optimize_on_insert": 0,
    "type_json_skip_duplicated_paths": 1,
    "input_format_try_infer_dates": 0,
    "input_format_try_infer_datetimes": 0,
}


async def insert(client: AsyncClient, blocks: Iterator[tuple[int, row.Columns]], latencies: list[float]) -> None:
    """Insert block after block, each with a token of its own, until none is left."""
    types = [get_from_name(name) for name in row.COLUMNS.values()]
    for number, columns in blocks:
        started = time.perf_counter()
        await client.insert(
            _TABLE, columns, column_names=list(row.COLUMNS), column_types=types, column_oriented=True,
            settings=_SETTINGS | {"insert_deduplication_token": f"bare:{number}"},
        )  # fmt: skip
        latencies.append(time.perf_counter() - started)


async def run(options: argparse.Namespace) -> bytes:
    """Insert all rows, several inserts at once. Raises `RuntimeError` when the table holds another number of rows."""
    events = [entry.event for entry in prepared.stamped(options.events, seed=options.seed)]
    blocks = list(enumerate(row.columns(pipeline.run(batch, Reference())) for batch in prepared.batches(events, _ROWS)))
    where = address(options.clickhouse)
    client = await clickhouse_connect.get_async_client(**where, autogenerate_session_id=False, compress="lz4")
    await client.command(f"DROP TABLE IF EXISTS {_TABLE} SYNC")
    await client.command(f"CREATE TABLE {_TABLE} AS events")
    latencies: list[float] = []
    queue = iter(blocks)
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(insert(client, queue, latencies) for _ in range(options.inserts)))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    stored = (await client.query(f"SELECT count() FROM {_TABLE}")).result_rows[0][0]
    await client.command(f"DROP TABLE {_TABLE} SYNC")
    await client.close()
    if stored != len(events):
        raise RuntimeError(f"{len(events)} rows were inserted and the table holds {stored}")
    return own_sample(stored, seconds, cpu_seconds, latencies)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clickhouse", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--inserts", type=int, default=_INSERTS, help="at once: as many as a worker has shards")
    parser.add_argument("--seed", type=int, default=1)
    sys.stdout.buffer.write(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
