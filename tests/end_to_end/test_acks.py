"""Producers who wait: what they are told is so at that moment, asked of ClickHouse and of the query service."""

import asyncio
import os
import secrets
import sys
from typing import Any

import aiohttp
import clickhouse_connect
import pytest

from deploy.local.ports import free_port
from deploy.local.running import RunningStack
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from tests.waiting import until
from workers.clickhouse.address import address

pytestmark = pytest.mark.stack


async def send(env: dict[str, str], ack: str, events: list[dict[str, Any]]) -> Any:
    headers = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
    asked = {"ack": ack, "timeout": "30"}
    async with (
        aiohttp.ClientSession(env["HEADRACE_URL"]) as client,
        client.post("/v1/events", json=events, params=asked, headers=headers) as answer,
    ):
        assert answer.status == 200
        return await answer.json()


def some(name: str, count: int) -> list[dict[str, Any]]:
    now = "2026-11-20T10:00:00Z"
    return [{"event_type": name, "occurred_at": now, "idempotency_key": f"{name}-{n}"} for n in range(count)]


async def test_what_is_told_to_be_stored_is_in_clickhouse(stack: RunningStack) -> None:
    env, name = stack.env, f"acks.stored.{secrets.token_hex(4)}"
    answer = await send(env, "stored", some(name, 300))
    client = await clickhouse_connect.get_async_client(
        **address(env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
    )
    query = "SELECT toString(event_id) FROM events WHERE name = {name:String}"
    rows = (await client.query(query, parameters={"name": name})).result_rows
    await client.close()
    assert (answer["ack"], answer["durability"], answer["accepted"]) == ("stored", "disk", 300)
    ids = {f"evt_{text.replace('-', '')}" for (text,) in rows}
    assert ids == {result["event_id"] for result in answer["results"]}


async def test_what_is_told_to_be_queryable_is_counted_by_the_next_question(stack: RunningStack) -> None:
    env, name = stack.env, f"acks.queryable.{secrets.token_hex(4)}"
    answers = await asyncio.gather(*(send(env, "queryable", some(f"{name}.{n}", 1)) for n in range(20)))
    assert {answer["ack"] for answer in answers} == {"queryable"}
    headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:
        for n in range(20):
            asked = {"metric": "event_count", "event_type": f"{name}.{n}", "period": "365d"}
            async with client.get("/api/v1/stats", params=asked, headers=headers) as answer:
                assert (await answer.json())["data"]["value"] == 1


async def test_who_waits_at_a_front_door_that_is_told_to_stop_is_answered_before_it_ends(
    redis: Redis, redis_url: str
) -> None:
    projects, port = Projects(redis), free_port()
    await projects.create("demo", ())
    _, key = await projects.create_key("demo", Kind.WRITE)
    env = {**os.environ, "HEADRACE_REDIS_URL": redis_url, "HEADRACE_INGEST_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ingest_api", env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        await until(lambda: ready(url))
        waiting = {"HEADRACE_URL": url, "HEADRACE_WRITE_KEY": key}
        asked = asyncio.ensure_future(send(waiting, "stored", some("acks.stopped", 3)))

        async def appended() -> bool:
            return bool(sum([await redis.xlen(f"{{s{shard:02d}}}:frames") for shard in range(2)]) > 0)

        await until(appended)
        process.terminate()
        answer = await asyncio.wait_for(asked, 20)
        assert (answer["accepted"], answer["ack"]) == (3, "queued")
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ready(url: str) -> bool:
    async with aiohttp.ClientSession() as client:
        try:
            async with client.get(f"{url}/readyz") as answer:
                return bool(answer.status == 200)
        except aiohttp.ClientError:
            return False
