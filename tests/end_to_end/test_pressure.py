"""A Redis that is far too small: senders are turned away, come back, and in the end everything is stored once."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import aiohttp
import clickhouse_connect
import pytest

from deploy.local.running import RunningStack, running
from tests.waiting import until
from workers.clickhouse.address import address

pytestmark = [pytest.mark.stack, pytest.mark.slow]

COUNT = 4000
SIZE = 8000  # characters that hardly compress: of all events, more than Redis may hold


async def rows(env: dict[str, str]) -> tuple[int, int]:
    """Rows, and distinct ids among them, without the help of FINAL."""
    client = await clickhouse_connect.get_async_client(
        **address(env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
    )
    found = (await client.query("SELECT count(), uniqExact(event_id) FROM events WHERE name = 'big'")).result_rows
    await client.close()
    return int(found[0][0]), int(found[0][1])


async def shedding(env: dict[str, str]) -> str:
    """Why events are turned away, as the front door says it."""
    async with aiohttp.ClientSession(env["HEADRACE_INGEST_URL"]) as client, client.get("/readyz") as answer:
        said = await answer.json()
        return str(said.get("shedding") or said.get("why") or "")


def pids(stack: RunningStack) -> dict[str, int | None]:
    return {part.name: part.pid for part in stack.parts()}


async def test_while_the_worker_hangs_senders_are_turned_away_and_afterwards_all_is_taken(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    file = tmp_path / "big.ndjson"
    with file.open("wb") as out:
        for _ in range(COUNT):
            out.write(b'{"event_type":"big","data":{"x":"%s"}}\n' % random.randbytes(SIZE // 2).hex().encode())
    environ = {"HEADRACE_LOCAL_REDIS_MAXMEMORY": "16mb"}
    with running(tmp_path_factory.mktemp("small"), environ) as stack:
        env, before = stack.env, pids(stack)
        worker = before["worker"]
        assert worker
        os.kill(worker, signal.SIGSTOP)
        send = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from clients.cli.app import main; main()"),
            *("send", "--file", str(file), "--batch", "50", "--json"),
            env={**os.environ, **env},
        )
        try:
            why = await until(lambda: shedding(env), within=60)
            assert "of its maxmemory" in why
            stored, _ = await rows(env)
            assert stored < COUNT
        finally:
            os.kill(worker, signal.SIGCONT)
        assert await asyncio.wait_for(send.wait(), 120) == 0

        async def all_there() -> bool:
            return (await rows(env))[0] >= COUNT

        await until(all_there, within=60)
        assert await rows(env) == (COUNT, COUNT)
        await until(lambda: calm(env))
        assert pids(stack) == before


async def calm(env: dict[str, str]) -> bool:
    return await shedding(env) == ""
