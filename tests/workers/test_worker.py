"""The worker process as arq runs it, where Redis is full or away."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from arq.connections import RedisSettings, create_pool
from clickhouse_connect.driver.asyncclient import AsyncClient
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError

from ingest_api.progress import read_progress
from ingest_api.stream import WORKERS, Redis, connect, install
from tests import stores
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.waiting import until

pytestmark = pytest.mark.stack

COUNT = 2000


@contextlib.asynccontextmanager
async def worker(redis_url: str, clickhouse_url: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """arq workers.worker.WorkerSettings."""
    known = {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_CLICKHOUSE_URL": clickhouse_url}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "arq", "workers.worker.WorkerSettings"), env={**os.environ, **known}, stderr=out
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def is_full(redis: Redis) -> bool:
    """Whether Redis refuses an ordinary write."""
    try:
        await redis.set("x", "y")
    except OutOfMemoryError:
        return True
    return False


async def test_a_worker_that_starts_into_a_full_redis_drains_it_and_lives_on(
    tmp_path: Path, clickhouse_url: str, warehouse: AsyncClient
) -> None:
    with stores.local_redis(tmp_path) as url:
        redis = connect(url)
        made = await install(redis, 2, 3600)
        await append(url, made, [stamped(number=i) for i in range(COUNT)])
        await redis.config_set("maxmemory", 2**20)
        assert await is_full(redis)

        async def drained() -> bool:
            return sum(shard.waiting for shard in await read_progress(redis, made)) == 0

        async def trimmed() -> bool:
            return all([await redis.xlen(shard.frames) <= 1 for shard in made.shards])  # the tail gave way

        async with worker(url, clickhouse_url, tmp_path / "worker.log") as process:
            await until(drained, within=30)
            assert await is_full(redis)
            await until(trimmed)
            owners = {shard.owner for shard in await read_progress(redis, made)}
            assert (len(owners), process.returncode) == (1, None)
            await redis.config_set("maxmemory", 2**29)

            async def arq_goes_on() -> bool:
                return bool(await redis.exists("headrace:jobs:health"))

            await until(arq_goes_on, within=30)
            assert process.returncode is None, (tmp_path / "worker.log").read_text()
            await redis.config_set("maxmemory", 2**20)
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)
        rows = (await warehouse.query("SELECT count(), uniqExact(event_id) FROM events")).result_rows
        assert tuple(rows[0]) == (COUNT, COUNT)
        await redis.aclose()


async def test_a_worker_that_is_told_to_stop_while_redis_is_away_ends(tmp_path: Path, clickhouse_url: str) -> None:
    with stores.local_redis(tmp_path) as url:
        redis = connect(url)
        await install(redis, 2, 3600)
        async with worker(url, clickhouse_url, tmp_path / "worker.log") as process:

            async def at_work() -> bool:
                return bool(await redis.exists(WORKERS))

            await until(at_work)
            with contextlib.suppress(RedisConnectionError):
                await redis.shutdown(nosave=True)
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)
        await redis.aclose()


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
