"""A visitor who says who she is, from the front door to the answers, and back again."""

import secrets
from typing import Any

import aiohttp
import pytest

from deploy.local.running import RunningStack
from tests.waiting import until

pytestmark = pytest.mark.stack


async def test_a_visitor_becomes_a_user_with_all_her_past_until_that_is_undone(stack: RunningStack) -> None:
    env, run = stack.env, secrets.token_hex(6)
    visit, device, user = f"visit-{run}", f"c_{run}", f"ada-{run}@shop.example"
    story = [
        {"event_type": visit, "occurred_at": "2026-11-20T10:00:00Z", "client_id": device},
        {"event_type": visit, "occurred_at": "2026-11-20T10:10:00Z", "client_id": device},
        {"event_type": visit, "occurred_at": "2026-11-20T12:00:00Z", "user_id": user},
        {
            "event_type": "identify",
            "occurred_at": "2026-11-20T10:20:00Z",
            "client_id": device,
            "user_id": user,
            "data": {"plan": "pro"},
        },
    ]
    async with aiohttp.ClientSession(env["HEADRACE_URL"]) as client:

        async def ask(method: str, path: str, kind: str = "QUERY", **more: Any) -> Any:
            headers = {"Authorization": f"Bearer {env[f'HEADRACE_{kind}_KEY']}"}
            async with client.request(method, path, headers=headers, **more) as answer:
                return (await answer.json()).get("data")

        async def metrics() -> list[Any]:
            asked = {"event_type": visit, "from": "2026-11-20T00:00:00Z"}
            names = ("event_count", "visitors", "unique_users", "sessions", "session_duration")
            answers = [await ask("GET", "/api/v1/stats", params={"metric": name, **asked}) for name in names]
            return [answer["value"] for answer in answers]

        await ask("POST", "/v1/events?ack=queryable", "WRITE", json=story)
        # Two devices, and one person of them; the device's session has the identify event in it.
        await until(lambda: _equals(metrics, [3, 2, 1, 2, 600.0]))
        known = await ask("GET", f"/api/v1/users/{user}")
        assert (known["events"], known["client_ids"], known["traits"]) == (4, [device], {"plan": "pro"})
        assert (await ask("DELETE", f"/api/v1/identities/{device}", "DELETE"))["user_id"] == ""
        assert (await metrics())[2] == 2
        assert (await ask("PUT", f"/api/v1/identities/{device}", "DELETE", json={"user_id": user}))["user_id"] == user
        assert (await metrics())[2] == 1


async def _equals(asked: Any, expected: list[Any]) -> bool:
    return bool(await asked() == expected)
