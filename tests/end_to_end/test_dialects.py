"""One act, told in all five dialects through the one origin, is one row and one answer each time."""

import time
from typing import Any

import aiohttp
import orjson
import pytest

from deploy.local.running import RunningStack
from ingest_api import dialects
from tests.ingest_api.dialects.act import PROPERTIES, SAID, UNSAID, told_as
from tests.waiting import until

pytestmark = pytest.mark.stack


async def tell(client: aiohttp.ClientSession, dialect: str, path: str, name: str, key: str) -> None:
    body = orjson.dumps(told_as(dialect, name))
    headers = {"Authorization": f"Bearer {key}", "x-eventbunker-write-key": key, "Content-Type": "application/json"}
    async with client.post(path, data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def rows(client: aiohttp.ClientSession, name: str, key: str) -> list[dict[str, Any]]:
    """The stored events of this name."""
    headers = {"Authorization": f"Bearer {key}"}
    async with client.get("/api/v1/events", params={"event_type": name}, headers=headers) as answer:
        assert answer.status == 200
        found: list[dict[str, Any]] = (await answer.json())["data"]["events"]
        return found


async def test_one_act_is_one_row_and_one_answer_in_every_dialect(stack: RunningStack) -> None:
    env, name, spoken = stack.env, f"act-{time.time_ns()}", dialects.load()
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:
        for dialect in spoken:
            await tell(client, dialect.name, dialect.routes[0], name, env["HEADRACE_WRITE_KEY"])

        async def all_there() -> bool:
            return len(await rows(client, name, env["HEADRACE_QUERY_KEY"])) >= len(spoken)

        await until(all_there)
        found = {row["dialect"]: row for row in await rows(client, name, env["HEADRACE_QUERY_KEY"])}
        assert found.keys() == {dialect.name for dialect in spoken}
        for dialect, row in found.items():
            said = {field: value for field, value in SAID.items() if field not in UNSAID[dialect] and field in row}
            said.pop("occurred_at", None)
            assert {field: row[field] for field in said} == said
            assert row["properties"] == PROPERTIES
            if "occurred_at" not in UNSAID[dialect]:
                assert row["occurred_at"].startswith("2026-11-19T10:00:00")
        headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
        asked = {"site_id": "demo", "metric": "event_count", "event_type": name, "period": "30d"}
        async with client.get("/api/v1/stats", params=asked, headers=headers) as answer:
            assert (await answer.json())["data"]["value"] == len(spoken)
