"""A schema from the first try to the first rejected event, through the whole stack, and what the catalog knows then."""

import contextlib
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from deploy.local.running import RunningStack
from ingest_api.stream import connect
from tests.waiting import until
from workers import catalog
from workers.errors import NotNow

pytestmark = pytest.mark.stack

NAME = "Plan Chosen"
SCHEMA = {"required": ["plan"], "properties": {"seats": {"type": "integer"}}}
WRONG = {"seats": "Jane Doe"}


class Shop:
    """The demo project, its producers and its people."""

    def __init__(self, env: dict[str, str], client: aiohttp.ClientSession) -> None:
        self.env, self._client = env, client
        self.schema = f"/api/v1/projects/demo/schemas/{quote(NAME, safe='')}"

    async def ask(self, method: str, path: str, kind: str, order: object = None) -> Any:
        """What is answered, which must be good."""
        headers = {"Authorization": f"Bearer {self.env[f'HEADRACE_{kind}_KEY']}", "Content-Type": "application/json"}
        body = None if order is None else msgspec.json.encode(order)
        async with self._client.request(method, self.env["HEADRACE_URL"] + path, data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def send(self, *properties: dict[str, Any]) -> None:
        events = [{"event_type": NAME, "occurred_at": "2026-11-20T10:00:00Z", "data": one} for one in properties]
        await self.ask("POST", "/v1/events?ack=stored", "WRITE", events)

    async def violations(self) -> dict[tuple[str, str], int]:
        """(field, mode) -> events."""
        found = await self.ask("GET", f"/api/v1/violations?event_type={quote(NAME)}", "QUERY")
        return {(one["field"], one["mode"]): one["events"] for one in found["data"]["violations"]}


async def test_a_schema_is_tried_warns_rejects_and_lets_go(stack: RunningStack) -> None:
    async with aiohttp.ClientSession() as client:
        shop = Shop(stack.env, client)
        await shop.send({"plan": "pro", "seats": 1}, WRONG)
        tried = (await shop.ask("POST", f"{shop.schema}/check", "ADMIN", {"schema": SCHEMA}))["data"]
        assert (tried["events"], tried["failing"], [one["field"] for one in tried["fields"]]) == (
            2,
            1,
            ["plan", "seats"],
        )
        assert await shop.violations() == {}
        await shop.ask("PUT", shop.schema, "ADMIN", {"schema": SCHEMA})
        await shop.send({"plan": "pro"}, WRONG)
        assert await shop.violations() == {("plan", "warn"): 1, ("seats", "warn"): 1}
        await shop.ask("PUT", shop.schema, "ADMIN", {"schema": SCHEMA, "mode": "reject"})
        await shop.send({"plan": "pro"}, {**WRONG, "plan": "pro"})

        async def rejected() -> Any:
            groups = (await shop.ask("GET", "/api/v1/rejected", "QUERY"))["data"]["groups"]
            return [one for one in groups if one["name"] == NAME]

        (group,) = await until(rejected)
        assert (group["reason"], group["events"]) == ('schema: seats: must satisfy type ["integer"]', 1)
        assert (await shop.violations())["seats", "reject"] == 1
        await shop.ask("DELETE", shop.schema, "ADMIN")
        await shop.ask("POST", "/api/v1/redrive", "ADMIN", {"fingerprint": group["fingerprint"]})

        async def described() -> Any:
            with contextlib.suppress(NotNow):  # a worker counts it at this moment
                await catalog.count(redis, stack.env["HEADRACE_CLICKHOUSE_URL"])
            path = f"/api/v1/catalog/{quote(NAME, safe='')}"
            names = (await shop.ask("GET", "/api/v1/catalog", "QUERY"))["data"]["events"]
            known = NAME in [one["name"] for one in names]
            found = (await shop.ask("GET", path, "QUERY"))["data"] if known else {"events": 0}
            return found if found["events"] == 6 else None

        redis = connect(stack.env["HEADRACE_REDIS_URL"])
        try:
            found = await until(described)
        finally:
            await redis.aclose()
        assert {one["property"]: one["types"] for one in found["properties"]} == {
            "plan": [{"type": "string", "events": 4}],
            "seats": [{"type": "integer", "events": 1}, {"type": "string", "events": 3}],
        }
