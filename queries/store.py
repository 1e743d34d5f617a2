"""ClickHouse as the query service uses it: statements with limits of time, rows and memory. Decides nothing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api.traces import tracing
from queries.errors import Refused, StoreUnavailable
from queries.sql import Statement
from workers.clickhouse.address import address, traced

#: clickhouse-connect waits without end for answers that nobody reads
_CLOSE_SECONDS = 1.0
_TOO_MUCH = frozenset({158, 159, 160, 241, 307, 396})
_NO_PATTERN = 427


class Rows(list[Sequence[Any]]):
    """Rows of an answer, the names of their columns, how many rows were read for it, and the seconds that it took."""

    def __init__(self, rows: Iterable[Sequence[Any]], names: Sequence[str], read: int, elapsed: float) -> None:
        super().__init__(rows)
        self.names = names
        self.read = read
        self.elapsed = elapsed


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """ClickHouse's errors as ours."""
    try:
        yield
    except ClickHouseError as error:
        if getattr(error, "code", None) in _TOO_MUCH:
            raise Refused(422, "The question reads too much. Ask for a shorter range or fewer events.") from error
        if getattr(error, "code", None) == _NO_PATTERN:
            raise Refused(400, "matches: a pattern is none that RE2 can read.") from error
        raise StoreUnavailable(str(error)) from error
    except (OSError, TimeoutError) as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error


class Store:
    """One pool of connections for the process. Opens at the first question."""

    def __init__(self, url: str, timeout: float) -> None:
        self._address = address(url)
        self._traced = traced(self._address)
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._settings = {
            "readonly": 1,
            "max_execution_time": timeout,
            "max_result_rows": 100_000,
            "max_memory_usage": 2_000_000_000,
            "do_not_merge_across_partitions_select_final": 1,
            # conditions on the sort key alone, as name and project, are looked at before FINAL reads all of a granule
            "optimize_move_to_prewhere_if_final": 1,
        }

    async def rows(self, statement: Statement, settings: Mapping[str, object] | None = None) -> Rows:
        """Run a statement. Raises `Refused` when it asks too much, `StoreUnavailable` when ClickHouse is away."""
        started = time.perf_counter()
        with _failing(), tracing.step("query", "client", self._traced) as span:
            client = await self._connect()
            async with asyncio.timeout(self._timeout + 2):
                result = await client.query(
                    statement.text,
                    parameters=statement.parameters,
                    settings={**self._settings, **(settings or {})},
                    transport_settings=tracing.headers(span),
                )
        read = int(result.summary.get("read_rows", 0))
        return Rows(result.result_rows, result.column_names, read, time.perf_counter() - started)

    async def stream(
        self, statement: Statement, form: str, settings: Mapping[str, object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The answer as ClickHouse writes it in this format, piece by piece. Close it to end the statement."""
        with _failing(), tracing.step("query", "client", self._traced) as span:
            client = await self._connect()
            limits, told = {**self._settings, **(settings or {})}, tracing.headers(span)
            stream = await client.raw_stream(
                statement.text, statement.parameters, limits, form, transport_settings=told
            )
            async with stream as chunks:
                async for chunk in chunks:
                    yield chunk

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write rows. Raises `StoreUnavailable` also where this service's user may not."""
        try:
            client = await self._connect()
            about = {**self._traced, "db.operation.name": "INSERT", "db.collection.name": table}
            async with asyncio.timeout(self._timeout + 2):
                with tracing.step("insert", "client", about):
                    await client.insert(table, rows, column_names=columns, settings={"async_insert": 0})
        except (ClickHouseError, OSError, TimeoutError) as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Let go of the connections. What still runs on them then is given a moment, and cut."""
        if self._client is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._client.close()

    async def _connect(self) -> AsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await clickhouse_connect.get_async_client(
                    **self._address,
                    autogenerate_session_id=False,
                    form_encode_query_params=True,  # a URL has less room than a list of values may need
                    connect_timeout=3,
                    send_receive_timeout=int(self._timeout) + 2,
                )
            return self._client
