"""Events followed live through the whole stack: each once and in order, whatever happens to worker and connection."""

import asyncio
import os
import signal
import sys

import aiohttp
import orjson
import pytest

from deploy.local.running import RunningStack
from tests.queries.following import following

pytestmark = pytest.mark.stack

ROUNDS, EACH = 30, 20


async def send(env: dict[str, str], name: str, numbers: range) -> None:
    """Events that are told apart by their users."""
    events = [{"event_type": name, "occurred_at": "2026-11-20T10:00:00Z", "user_id": str(n)} for n in numbers]
    headers = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
    async with (
        aiohttp.ClientSession(env["HEADRACE_URL"]) as client,
        client.post("/v1/events", json=events, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def paged(env: dict[str, str], name: str, after: str) -> list[str]:
    """The same events as GET /api/v1/events has them."""
    headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
    params = {"event_type": name, "limit": "1000", "after": after}
    async with (
        aiohttp.ClientSession(env["HEADRACE_URL"]) as client,
        client.get("/api/v1/events", params=params, headers=headers) as answer,
    ):
        return [one["user_id"] for one in (await answer.json())["data"]["events"]]


async def test_each_event_comes_once_while_the_worker_is_killed_and_the_connection_changes(stack: RunningStack) -> None:
    env, name, bearer = stack.env, "live.killed", f"Bearer {stack.env['HEADRACE_QUERY_KEY']}"

    async def produce() -> None:
        for number in range(ROUNDS):
            await send(env, name, range(number * EACH, (number + 1) * EACH))
            if number == ROUNDS // 2:
                os.kill(next(part.pid for part in stack.parts("worker") if part.pid), signal.SIGKILL)
            await asyncio.sleep(0.05)

    seen: list[str] = []
    async with following(env["HEADRACE_URL"], bearer) as follower:
        start = last_id = follower.last_id
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        tasks.create_task(produce())
        while len(seen) < ROUNDS * EACH:
            async with following(env["HEADRACE_URL"], bearer, {"event_type": name}, last_id, 60) as follower:
                seen += [one.user for one in await follower.events(min(137, ROUNDS * EACH - len(seen)))]
                last_id = follower.last_id
    assert sorted(seen, key=int) == [str(number) for number in range(ROUNDS * EACH)]
    assert seen == await paged(env, name, start)


async def test_the_command_shows_them(stack: RunningStack) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from clients.cli.app import main; main()"),
        *("tail", "--event-type", "live.command", "--limit", "0", "--stop-after", "3", "--json"),
        env={**os.environ, **stack.env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    ended = asyncio.ensure_future(process.communicate())
    number = 0
    async with asyncio.timeout(60):
        while not ended.done():
            await send(stack.env, "live.command", range(number, number + 1))
            number += 1
            await asyncio.sleep(0.1)
    out, err = ended.result()
    assert (process.returncode, err) == (0, b"")
    seen = [int(orjson.loads(line)["user_id"]) for line in out.splitlines()]
    assert seen == list(range(seen[0], seen[0] + 3))
