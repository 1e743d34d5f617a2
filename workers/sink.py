"""Batch -> ClickHouse: columns, token, and what an error means. Decides nothing else."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence

import clickhouse_connect
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver import options
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError
from clickhouse_connect.driver.insert import InsertContext

from ingest_api import fault
from ingest_api.traces import tracing
from workers import row, telemetry
from workers.batch import Batch
from workers.clickhouse.address import address, traced
from workers.errors import BadRows, NotNow
from workers.turns import Turns

#: ClickHouse error codes that blame the data of the insert, not its circumstances
_DATA_CODES = frozenset({6, 26, 27, 33, 38, 41, 43, 53, 69, 70, 72, 117, 130, 131, 321, 349, 376, 441, 691})

# Rows are lists here. Where pandas is installed, asking whether they are a frame of it would stop the first insert, and
# with it the event loop, for most of a second.
options.pd = options.np = None

#: an exception as clickhouse-connect words it
_EXCEPTION = re.compile(
    r".*?DB::Exception: (?P<text>.*?)(: While .*?)? \((?P<name>[A-Z0-9_]+)\) \(version .*", re.DOTALL
)

_SETTINGS = {
    "async_insert": 0,
    # Repeated events of a batch are told apart before this: sorted out once more, JSON and all, they cost a third.
    "optimize_on_insert": 0,
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
        self._traced = traced(self._address)
        #: of all drains that insert here
        self.turns = Turns()
        self._install_id = install_id
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def insert(self, batch: Batch, token: str, columns: row.Columns | None = None) -> None:
        """Store the events, then the rejected ones beside them, under the token of the batch's verdict.

        `columns` are the events' own, where they were made already.

        Raises `NotNow` when the same call must be made again later, and `BadRows` when ClickHouse refuses the events
        as they are: nothing is stored then.
        """
        token = f"{self._install_id}:{batch.shard}:{token}"
        if batch.events:
            rows = columns if columns is not None else await self.turns.take(row.columns, batch)
            await self.put("events", row.COLUMNS, rows, token)
        if batch.rejected:
            fault.point("worker.mid_insert")
            aside = row.rejected_columns(batch.shard, batch.rejected)
            try:
                await self.put("rejected_events", row.REJECTED_COLUMNS, aside, f"{token}:rejected")
            except BadRows as error:  # of our own making: nobody is to blame but this build
                raise NotNow(f"rejected_events: {error}") from error
        fault.point("worker.after_insert")

    async def refused(self, batch: Batch, most: int | None = None) -> dict[str, str]:
        """Which events ClickHouse refuses: place -> reason. Looks for no more once there are more than `most`.

        Asks the probe, which stores nothing, and halves what is refused until the bad rows stand alone. Raises
        `NotNow` when it cannot tell, or ClickHouse takes each event alone.
        """
        columns = await self.turns.take(row.columns, batch)
        found: dict[str, str] = {}
        waiting = [(0, len(batch.events))]
        while waiting and (most is None or len(found) <= most):
            first, last = waiting.pop()
            try:
                await self.put("events_probe", row.COLUMNS, [column[first:last] for column in columns])
            except BadRows as error:
                if last - first == 1:
                    found[batch.positions[first].place] = f"ClickHouse {error}"
                    fault.point("worker.mid_insert")
                    continue
                middle = (first + last) // 2
                waiting += [(middle, last), (first, middle)]
        if not found:
            raise NotNow("ClickHouse refuses the data of a batch, and takes each of its rows alone")
        return found

    async def put(
        self, table: str, types: dict[str, str], columns: Sequence[Sequence[object]], token: str = ""
    ) -> None:
        """One insert into one table; without a token ClickHouse takes it however often it comes. Raises as `insert`."""
        started = time.perf_counter()
        try:
            client = await self._connect()
            with tracing.step("insert", "client", self._told(table, len(columns[0]), token)) as span:
                async with asyncio.timeout(self._timeout):
                    rows = _Rows(
                        table,
                        list(types),
                        [get_from_name(name) for name in types.values()],
                        columns,
                        column_oriented=True,
                        settings=_SETTINGS | {"insert_deduplication_token": token},
                        transport_settings=tracing.headers(span),
                    )
                    summary = await client.insert(context=rows)
            # A 200 whose body is an exception looks like success to the client. Dropped duplicates count as written.
            written = int(summary.summary.get("written_rows", len(columns[0])))
            if written < len(columns[0]):
                raise NotNow(f"ClickHouse answered 200 and wrote {written} of {len(columns[0])} rows of {table}")
        except DataError as error:
            raise BadRows(f"client: {error}") from error
        except ClickHouseError as error:
            if getattr(error, "code", None) in _DATA_CODES:
                raise BadRows(_plain(str(error))) from error
            raise NotNow(str(error)) from error
        except (OSError, TimeoutError) as error:
            raise NotNow(str(error) or type(error).__name__) from error
        finally:
            telemetry.INSERT_SECONDS.observe(time.perf_counter() - started)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()

    def _told(self, table: str, rows: int, token: str) -> tracing.Attributes:
        about: tracing.Attributes = {"db.collection.name": table, "db.operation.batch.size": rows}
        return {**self._traced, "db.operation.name": "INSERT", **about, "headrace.token": token}

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


class _Rows(InsertContext):
    """The rows of one insert, which go when it is over.

    clickhouse-connect keeps a method of the context in the context itself: such a ring, rows and all, would stay until
    the collector comes for the oldest, which it hardly does here (`calm_collector`).
    """

    @property
    def _next_block_data(self) -> Callable[[int, int], Sequence[Sequence[object]]]:
        found: Callable[[int, int], Sequence[Sequence[object]]] = self._column_block_data
        return found

    @_next_block_data.setter
    def _next_block_data(self, _: object) -> None:
        """Known already."""


def _plain(message: str) -> str:
    """The engine's own words, its name of the error first: "INCORRECT_DATA: Cannot parse JSON object here: ..."."""
    said = _EXCEPTION.fullmatch(message)
    return f"{said['name']}: {said['text']}"[:1000] if said else message[:1000]
