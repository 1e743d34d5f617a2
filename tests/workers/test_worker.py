"""The worker process as arq runs it, where Redis is full or away."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError

from ingest_api import moment
from ingest_api.durability import Level
from ingest_api.progress import read_progress
from ingest_api.stream import WORKERS, Redis, connect, install
from tests import stores
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.topologies import Watched
from tests.topologies import running as at_work
from tests.waiting import until
from tests.workers.worker_process import worker

pytestmark = pytest.mark.stack

COUNT = 2000


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


async def test_behind_sentinel_a_worker_and_its_jobs_outlive_the_loss_of_the_primary(
    tmp_path: Path, clickhouse_url: str, warehouse: AsyncClient
) -> None:
    async with at_work(Watched(tmp_path)) as servers:
        redis = connect(servers.url)
        made = await install(redis, 2, 3600, Level.REPLICA)
        await append(servers.url, made, [stamped(number=i) for i in range(COUNT)])

        async def drained() -> bool:
            try:
                return sum(shard.waiting for shard in await read_progress(redis, made)) == 0
            except RedisError:
                return False

        async with worker(servers.url, clickhouse_url, tmp_path / "worker.log") as process:
            await until(drained, within=30)
            await servers.actor(redis).kill()
            killed_at = moment.now_ms()
            await until(lambda: cron_goes_on(redis, killed_at))
            await append(servers.url, made, [stamped(number=COUNT + i) for i in range(COUNT)])
            await until(drained, within=30)
            assert process.returncode is None, (tmp_path / "worker.log").read_text()
        rows = (await warehouse.query("SELECT count(), uniqExact(event_id) FROM events")).result_rows
        assert tuple(rows[0]) == (2 * COUNT, 2 * COUNT)
        await redis.aclose()


async def cron_goes_on(redis: Redis, since_ms: int) -> bool:
    """Whether arq has begun a job whose time came since."""
    try:
        begun = [key.decode() async for key in redis.scan_iter(match="arq:in-progress:cron:*")]
    except RedisError:
        return False
    return any(int(key.rpartition(":")[2]) > since_ms for key in begun)
