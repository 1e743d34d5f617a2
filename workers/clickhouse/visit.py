"""A visit: a client of ClickHouse for a job that comes and goes."""

import contextlib
from collections.abc import AsyncIterator

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient

from workers.clickhouse.address import address


@contextlib.asynccontextmanager
async def visit(url: str, seconds: int) -> AsyncIterator[AsyncClient]:
    """A client that waits `seconds` for each answer, and is closed at the end."""
    client = await clickhouse_connect.get_async_client(
        **address(url), autogenerate_session_id=False, send_receive_timeout=seconds
    )
    try:
        yield client
    finally:
        await client.close()
