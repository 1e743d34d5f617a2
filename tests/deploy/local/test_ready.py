"""Whether a part is ready."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson
import pytest
from aiohttp import web

from deploy.local import ready
from deploy.local.ports import HOST, free_port
from ingest_api.stream import WORKERS, Redis
from tests.listening import listening


@asynccontextmanager
async def answering(status: int, text: str) -> AsyncIterator[int]:
    """The port of a server in this process that always answers so."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with listening(web.AppRunner(app)) as address:
        yield address.port or 0


async def test_a_service_is_ready_when_it_listens_and_answers_200() -> None:
    async with answering(200, "fine") as port:
        assert await ready.http(f"http://{HOST}:{port}/readyz", port)(os.getpid()) == ""


async def test_a_service_that_is_not_ready_says_why() -> None:
    async with answering(503, "Redis\nis away") as port:
        assert await ready.http(f"http://{HOST}:{port}/readyz", port)(os.getpid()) == "503 Redis is away"


async def test_the_answer_of_another_process_does_not_count() -> None:
    async with answering(200, "fine") as port:
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
        problem = await ready.http(f"http://{HOST}:{port}/", port)(other.pid)
        await other.communicate(b"\n")
    assert problem == f"not listening on port {port} yet"


async def test_a_warehouse_that_refuses_the_password_is_not_ready() -> None:
    async with answering(403, "Authentication failed") as port:
        assert "403" in await ready.clickhouse(f"http://{HOST}:{port}", "headrace", "x")(os.getpid())


async def test_a_server_that_is_away_is_told_in_one_line() -> None:
    port = free_port()
    for probe in (
        ready.redis(f"redis://{HOST}:{port}/0"),
        ready.worker(f"redis://{HOST}:{port}/0"),
        ready.clickhouse(f"http://{HOST}:{port}", "headrace", "x"),
    ):
        problem = await probe(os.getpid())
        assert problem
        assert "\n" not in problem


@pytest.mark.stack
async def test_a_worker_is_ready_while_it_says_that_nothing_is_wrong(redis: Redis, redis_url: str) -> None:
    probe = ready.worker(redis_url)
    assert await probe(7) == "no heartbeat yet"

    async def say(state: str, problem: str, ago: int = 0) -> str:
        now = int(time.time() * 1000) - ago
        told = {"pid": 7, "seen_at": now, "state": state, "problem": problem}
        await cast("Any", redis).hset(WORKERS, "one", orjson.dumps(told))
        return await probe(7)

    assert await say("draining", "") == ""
    assert await say("waiting", "ClickHouse: away") == "waiting: ClickHouse: away"
    assert await say("stuck", "shard 1 has not moved for 95 s") == "stuck: shard 1 has not moved for 95 s"
    assert await say("draining", "", ago=12_400) == "silent for 12 s"
