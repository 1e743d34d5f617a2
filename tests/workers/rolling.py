"""Rollups in tests: a builder that waits for nothing, and looks at what it left."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.stream import Redis, connect
from workers.clickhouse.visit import visit
from workers.rollups.rollup import Building

T = TypeVar("T")
TABLES = ("hour_marks", "closed_hours", "visitor_numbers", "rollup_hours", "closed_stretches", "rolled_sessions")


def builder(client: AsyncClient, redis: Redis) -> Building:
    """Hours are over at once, and count at once."""
    return Building(client, redis, grace=0, settle=0)


def roll(clickhouse_url: str, redis_url: str) -> int:
    """Build everything that is due, from a test that is no coroutine. Returns how many hours were closed."""

    async def run(client: AsyncClient, redis: Redis) -> int:
        return await builder(client, redis).run(60)

    return at_work(clickhouse_url, redis_url, run)


def at_work(clickhouse_url: str, redis_url: str, work: Callable[[AsyncClient, Redis], Awaitable[T]]) -> T:
    """Run it to its end in a thread with a loop of its own."""

    async def run() -> T:
        redis = connect(redis_url)
        try:
            async with visit(clickhouse_url, 60) as client:
                return await work(client, redis)
        finally:
            await redis.aclose()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def empty(client: AsyncClient) -> None:
    """Nothing was ever rolled up."""
    for table in TABLES:
        await client.command(f"TRUNCATE TABLE {table}")
