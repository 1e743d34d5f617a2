"""One event from bytes to the stats answer, through the whole stack, as its producers and analysts do it."""

import asyncio
import time
from typing import Any

import aiohttp
import orjson
import pytest

from deploy.local.running import RunningStack
from tests.waiting import until

pytestmark = pytest.mark.stack


async def counted(env: dict[str, str], name: str, **more: str) -> Any:
    """The answer of GET /api/v1/stats for one event type."""
    headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
    asked = {"site_id": env["HEADRACE_SITE_ID"], "metric": "event_count", "event_type": name, **more}
    url = f"{env['HEADRACE_URL']}/api/v1/stats"
    async with aiohttp.ClientSession() as client, client.get(url, params=asked, headers=headers) as answer:
        assert answer.status == 200
        return await answer.json()


async def visible(env: dict[str, str], name: str, count: int) -> Any:
    """Wait until exactly this many are counted, and return the answer."""

    async def enough() -> Any:
        answer = await counted(env, name, period="365d")
        return answer if answer["data"]["value"] >= count else None

    answer = await until(enough)
    assert answer["data"]["value"] == count
    return answer


async def test_events_in_every_form_are_counted(stack: RunningStack) -> None:
    env, name = stack.env, "journey.forms"
    event = {"event_type": name, "occurred_at": "2026-11-20T10:00:00Z", "data": {"n": 1}}
    forms: list[tuple[bytes, str]] = [
        (orjson.dumps(event), "application/json"),
        (orjson.dumps([event, event]), "application/json"),
        (orjson.dumps({"events": [event, event, event]}), "application/json"),
        (b"\n".join([orjson.dumps(event)] * 4), "application/x-ndjson"),
    ]
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:
        for body, kind in forms:
            headers = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}", "Content-Type": kind}
            async with client.post("/v1/events", data=body, headers=headers) as answer:
                assert answer.status == 200
    answer = await visible(env, name, 10)
    assert answer["data"] == {"metric": "event_count", "value": 10, "period": "365d"}
    assert answer["meta"]["lag_seconds"] < 5
    assert answer["meta"]["fresh_through"].endswith("Z")


async def shell(command: str) -> Any:
    """What a command prints, as JSON."""
    process = await asyncio.create_subprocess_exec("bash", "-c", command, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    return orjson.loads(said)


async def test_the_document_s_curl_works_with_another_host_and_nothing_else(stack: RunningStack) -> None:
    env, key = stack.env, f"journey-{time.time_ns()}"
    curl = f"""curl -sS -X POST "{env["HEADRACE_URL"]}/v1/events" \\
  -H "Authorization: Bearer test_123" \\
  -H "Content-Type: application/json" \\
  -d '{{
    "event_type": "user.created",
    "occurred_at": "2025-12-22T10:30:00Z",
    "idempotency_key": "{key}",
    "data": {{
      "user_id": "u_12345",
      "plan": "pro"
    }}
  }}'"""
    first, again = await shell(curl), await shell(curl)
    assert first["status"] == "ok"
    assert again["event_id"] == first["event_id"]
    assert again["deduplicated"] is True
    assert "payload_mismatch" not in again


async def test_a_write_key_asks_nothing_and_a_query_key_writes_nothing(stack: RunningStack) -> None:
    env = stack.env
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:
        write = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
        query = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
        async with client.get("/api/v1/stats", headers=write) as answer:
            assert answer.status == 401
        async with client.post("/v1/events", data=b"{}", headers=query) as answer:
            assert answer.status == 401
