"""ClickHouse as the query service uses it: statements with limits of time, rows and memory. Decides nothing."""

import asyncio
from collections.abc import Sequence
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from queries.errors import Refused, StoreUnavailable
from queries.sql import Statement
from workers.address import address

_TOO_MUCH = frozenset({158, 159, 160, 241, 307, 396})


class Store:
    """One pool of connections for the process. Opens at the first question."""

    def __init__(self, url: str, timeout: float) -> None:
        self._address = address(url)
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._settings = {
            "readonly": 1,
            "max_execution_time": timeout,
            "max_result_rows": 100_000,
            "max_memory_usage": 2_000_000_000,
            "do_not_merge_across_partitions_select_final": 1,
        }

    async def rows(self, statement: Statement) -> Sequence[Sequence[Any]]:
        """Run a statement. Raises `Refused` when it asks too much, `StoreUnavailable` when ClickHouse is away."""
        try:
            client = await self._connect()
            async with asyncio.timeout(self._timeout + 2):
                result = await client.query(statement.text, parameters=statement.parameters, settings=self._settings)
        except ClickHouseError as error:
            if getattr(error, "code", None) in _TOO_MUCH:
                raise Refused(422, "The question reads too much. Ask for a shorter range or fewer events.") from error
            raise StoreUnavailable(str(error)) from error
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error
        return result.result_rows

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write rows. Raises `StoreUnavailable` also where this service's user may not."""
        try:
            client = await self._connect()
            async with asyncio.timeout(self._timeout + 2):
                await client.insert(table, rows, column_names=columns, settings={"async_insert": 0})
        except (ClickHouseError, OSError, TimeoutError) as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> AsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await clickhouse_connect.get_async_client(
                    **self._address,
                    autogenerate_session_id=False,
                    connect_timeout=3,
                    send_receive_timeout=int(self._timeout) + 2,
                )
            return self._client
