"""arq's worker goes on where Redis fails it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from arq.connections import RedisSettings, create_pool
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import connect, install
from tests import stores
from tests.waiting import until
from tests.workers.worker_process import worker

pytestmark = pytest.mark.stack


@contextlib.asynccontextmanager
async def cutting(target: int, pattern: bytes, cuts: list[bytes]) -> AsyncIterator[int]:
    """A port that leads to another; the first three times that the pattern passes, it is swallowed."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if len(cuts) < 3 and re.search(pattern, data):
                    cuts.append(data)
                    break
                writer.write(data)
        writer.close()
        other.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pass_on(reader, far_writer, writer), pass_on(far_reader, writer, far_writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_worker_outlives_connections_that_are_cut_while_it_looks_at_jobs(
    tmp_path: Path, clickhouse_url: str, warehouse: AsyncClient
) -> None:
    cuts: list[bytes] = []
    with stores.local_redis(tmp_path) as url:
        redis, parts = connect(url), urlsplit(url)
        await install(redis, 1, 3600)
        pool = await create_pool(RedisSettings.from_dsn(url), default_queue_name="headrace:jobs")
        for _ in range(3):
            await pool.enqueue_job("cron:trim_shards")
        async with (
            cutting(parts.port or 0, rb"EXISTS\r\n\$\d+\r\narq:in-progress", cuts) as cut_port,
            worker(url.replace(f":{parts.port}", f":{cut_port}"), clickhouse_url, tmp_path / "worker.log") as process,
        ):

            async def all_done() -> bool:
                return len(cuts) == 3 and not await redis.zcard("headrace:jobs")

            await until(all_done, within=30)
            assert process.returncode is None, (tmp_path / "worker.log").read_text()
        await pool.aclose(close_connection_pool=True)
        await redis.aclose()
