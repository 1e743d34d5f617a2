"""What breaks is survived: nothing acknowledged is lost, nothing is counted twice, nobody restarts anything by hand."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import clickhouse_connect
import orjson
import pytest

from deploy.local.running import RunningStack
from tests.waiting import until
from workers.clickhouse.address import address

pytestmark = [pytest.mark.stack, pytest.mark.slow]

COUNT = 100_000


async def once_each(env: dict[str, str], name: str) -> tuple[int, int]:
    """Rows of one event type, and distinct ids among them, without the help of FINAL."""
    client = await clickhouse_connect.get_async_client(
        **address(env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
    )
    query = "SELECT count(), uniqExact(event_id) FROM events WHERE name = {name:String}"
    rows = (await client.query(query, parameters={"name": name})).result_rows
    await client.close()
    return int(rows[0][0]), int(rows[0][1])


async def pid_of(stack: RunningStack, name: str, other_than: int = 0) -> int:
    """The part's process, once it is another than this one."""

    async def pid() -> int | None:
        (part,) = stack.parts(name)
        return part.pid if part.pid != other_than else None

    return await until(pid, within=30) or 0


async def test_a_hundred_thousand_events_are_stored_once_each_while_the_worker_is_killed_five_times(
    stack: RunningStack, tmp_path: Path
) -> None:
    env, name = stack.env, "killed.worker"
    file = tmp_path / "events.ndjson"
    with file.open("wb") as out:
        for number in range(COUNT):
            out.write(b'{"event_type":"%s","data":{"number":%d}}\n' % (name.encode(), number))
    send = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from clients.cli.app import main; main()", "send", "--file", str(file), "--json",
        env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    worker = await pid_of(stack, "worker")
    for kill in range(5):

        async def some_more(least: int = kill * 10_000) -> bool:
            return (await once_each(env, name))[0] >= least

        await until(some_more, within=60)
        os.kill(worker, signal.SIGKILL)
        worker = await pid_of(stack, "worker", other_than=worker)
    said, _ = await send.communicate()
    assert send.returncode == 0
    assert orjson.loads(said)["accepted"] == COUNT

    async def all_there() -> bool:
        return (await once_each(env, name))[0] >= COUNT

    await until(all_there, within=120)
    assert await once_each(env, name) == (COUNT, COUNT)


async def test_while_redis_is_stopped_producers_hear_503_and_afterwards_all_goes_on(stack: RunningStack) -> None:
    env = stack.env
    front_door, redis = await pid_of(stack, "ingest_api"), await pid_of(stack, "redis")
    headers = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
    event = orjson.dumps({"event_type": "redis.stopped", "occurred_at": "2026-11-20T10:00:00Z"})
    async with aiohttp.ClientSession(env["HEADRACE_INGEST_URL"]) as client:

        async def send() -> tuple[int, str | None]:
            async with client.post("/v1/events", data=event, headers=headers) as answer:
                await answer.read()
                return answer.status, answer.headers.get("Retry-After")

        assert (await send())[0] == 200
        os.kill(redis, signal.SIGSTOP)  # it hangs: worse than being away
        try:
            status, retry_after = await send()
            assert status == 503
            assert retry_after is not None
            async with client.get("/readyz") as answer:
                assert answer.status == 503
            async with client.get("/healthz") as answer:
                assert answer.status == 200
        finally:
            os.kill(redis, signal.SIGKILL)

        async def taken() -> bool:
            return (await send())[0] == 200

        await until(taken, within=30)
    assert [part.pid for part in stack.parts("ingest_api")] == [front_door]
    await stack.until_healthy()
