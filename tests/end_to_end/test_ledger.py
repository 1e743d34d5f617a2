"""What became of events, asked of the whole stack as their producers and analysts do it."""

import secrets
from typing import Any

import aiohttp
import orjson
import pytest

from deploy.local.running import RunningStack
from tests.waiting import until

pytestmark = pytest.mark.stack


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


class Tenant:
    """A project of its own, through the one origin."""

    def __init__(self, client: aiohttp.ClientSession, write: str, query: str) -> None:
        self._client, self._write, self._query = client, bearer(write), bearer(query)

    async def send(self, *events: dict[str, Any]) -> Any:
        async with self._client.post("/v1/events", data=orjson.dumps(events), headers=self._write) as answer:
            return await answer.json()

    async def receipt(self, event_id: str) -> tuple[int, Any]:
        async with self._client.get(f"/v1/events/{event_id}", headers=self._write) as answer:
            return answer.status, (await answer.json()).get("data")

    async def ledger(self) -> Any:
        async with self._client.get("/api/v1/ledger", headers=self._query) as answer:
            assert answer.status == 200
            return (await answer.json())["data"]


async def make(client: aiohttp.ClientSession, admin: str) -> Tenant:
    """A new project with a key of each kind."""
    name, headers, keys = f"p{secrets.token_hex(4)}", bearer(admin), []
    async with client.post("/api/v1/projects", json={"id": name}, headers=headers) as answer:
        assert answer.status == 201
    for kind in ("write", "query"):
        async with client.post(f"/api/v1/projects/{name}/keys", json={"kind": kind}, headers=headers) as answer:
            keys.append((await answer.json())["data"]["token"])
    return Tenant(client, *keys)


async def test_every_event_of_a_mixed_day_has_its_line_and_its_receipt(stack: RunningStack) -> None:
    env = stack.env
    good = {"event_type": "signup", "occurred_at": "2026-11-20T10:00:00Z"}
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:
        tenant = await make(client, env["HEADRACE_ADMIN_KEY"])
        sent = await tenant.send(
            good,
            {**good, "idempotency_key": "a"},
            {**good, "idempotency_key": secrets.token_hex(9)},
            {"event_type": "x"},
        )
        again = await tenant.send({**good, "idempotency_key": "a"})
        ids = [result["event_id"] for result in sent["results"] if "event_id" in result]
        assert again["results"][0]["event_id"] == ids[1]
        for event_id in ids:  # from the moment of its answer on
            status, receipt = await tenant.receipt(event_id)
            assert (status, receipt["state"] in {"queued", "stored"}) == (200, True)

        async def stored() -> bool:
            receipts = [await tenant.receipt(event_id) for event_id in ids]
            return all(status == 200 and receipt["state"] == "stored" for status, receipt in receipts)

        async def settled() -> Any:
            found = await tenant.ledger()
            return found if found["total"]["refused"] and not found["total"]["in_flight"] else None

        await until(stored)
        ledger = await until(settled)
        assert ledger["total"] == {
            "accepted": 3, "duplicate": 1, "stored": 3, "rejected": 0, "repeated": 0, "erased": 0, "in_flight": 0,
            "refused": {"invalid_field": 1},
        }  # fmt: skip
        assert ledger["balanced"] is True
        other = await make(client, env["HEADRACE_ADMIN_KEY"])
        assert [(await other.receipt(event_id))[0] for event_id in ids] == [404, 404, 404]
        assert (await other.ledger())["minutes"] == []
