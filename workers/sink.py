"""Batch -> ClickHouse: columns, token, and what an error means. Decides nothing else."""

import asyncio
import time
from collections.abc import Sequence

import clickhouse_connect
import msgspec
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError

from workers import row, telemetry
from workers.address import address
from workers.batch import Batch, Rejected
from workers.errors import BadRows, NotNow

#: ClickHouse error codes that blame the data of the insert, not its circumstances
_DATA_CODES = frozenset({6, 26, 27, 33, 38, 41, 43, 53, 69, 70, 72, 117, 130, 131, 321, 349, 376, 441, 691})

_SETTINGS = {
    "async_insert": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # A late or old event may lie in any month; a batch of them is not a mistake.
    "max_partitions_per_insert_block": 0,
    # {"a": 1, "a": 2} and {"a": {"b": 1}, "a.b": 2} are JSON; one path keeps one value.
    "type_json_skip_duplicated_paths": 1,
    # Text stays the text that was sent, also when it looks like a time.
    "input_format_try_infer_dates": 0,
    "input_format_try_infer_datetimes": 0,
}


class Sink:
    """Inserts batches. The same batch inserted again, whole or after a crash in between, changes nothing."""

    def __init__(self, url: str, install_id: str, timeout: float) -> None:
        self._address = address(url)
        self._install_id = install_id
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def insert(self, batch: Batch) -> int:
        """Store the events, and the rejected ones beside them. Returns how many events became rows.

        Rows that ClickHouse will never take are stored as rejected. Raises `NotNow` when the same call must be
        made again later.
        """
        token = f"{self._install_id}:{batch.shard}:{batch.span}"
        refused: list[Rejected] = []
        if batch.events:
            columns = await asyncio.to_thread(row.columns, batch)
            for position, reason in await self._insert_or_split(columns, token, 0, len(batch.events)):
                event = batch.events[position]
                raw = msgspec.json.encode(event)
                refused.append(Rejected(batch.positions[position], reason, raw, event.project, event.name))
        rejected = batch.rejected + refused
        if rejected:
            columns = row.rejected_columns(batch.shard, rejected)
            await self._insert("rejected_events", row.REJECTED_COLUMNS, columns, f"{token}:rejected")
        return len(batch.events) - len(refused)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()

    async def _insert_or_split(self, columns: row.Columns, token: str, first: int, last: int) -> list[tuple[int, str]]:
        """Insert rows first..last; where ClickHouse refuses the data, halve until the bad rows stand alone.

        The halves' tokens follow from the whole's, so that a replay takes the same way through them.
        """
        whole = first == 0 and last == len(columns[0])
        part = columns if whole else [column[first:last] for column in columns]
        try:
            await self._insert("events", row.COLUMNS, part, token if whole else f"{token}:{first}-{last}")
        except BadRows as error:
            if last - first == 1:
                return [(first, f"ClickHouse: {error}")]
            middle = (first + last) // 2
            refused = await self._insert_or_split(columns, token, first, middle)
            return refused + await self._insert_or_split(columns, token, middle, last)
        return []

    async def _insert(self, table: str, types: dict[str, str], columns: Sequence[Sequence[object]], token: str) -> None:
        started = time.perf_counter()
        try:
            client = await self._connect()
            async with asyncio.timeout(self._timeout):
                await client.insert(
                    table,
                    columns,
                    column_names=list(types),
                    column_types=[get_from_name(name) for name in types.values()],
                    column_oriented=True,
                    settings=_SETTINGS | {"insert_deduplication_token": token},
                )
        except DataError as error:
            raise BadRows(str(error)) from error
        except ClickHouseError as error:
            if getattr(error, "code", None) in _DATA_CODES:
                raise BadRows(str(error)) from error
            raise NotNow(str(error)) from error
        except (OSError, TimeoutError) as error:
            raise NotNow(str(error) or type(error).__name__) from error
        finally:
            telemetry.INSERT_SECONDS.observe(time.perf_counter() - started)

    async def _connect(self) -> AsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await clickhouse_connect.get_async_client(
                    **self._address,
                    autogenerate_session_id=False,
                    compress="lz4",
                    send_receive_timeout=int(self._timeout),
                    connect_timeout=3,
                )
            return self._client
