"""Alerts on the whole stack: the workers' own cron checks them and sends, and goes nowhere it must not."""

import secrets
from typing import Any

import aiohttp
import pytest

from deploy.local.running import RunningStack
from tests.waiting import until
from tests.workers.receiver import receiving

pytestmark = pytest.mark.stack


async def test_the_workers_check_an_alert_and_the_canary_on_loopback_hears_nothing(stack: RunningStack) -> None:
    name = f"quiet-{secrets.token_hex(4)}"
    url = f"{stack.env['HEADRACE_URL']}/api/v1/projects/demo/alerts/{name}"
    admin = {"Authorization": f"Bearer {stack.env['HEADRACE_ADMIN_KEY']}"}
    question = {"metrics": ["event_count"], "date_range": "15m", "filters": ["is", "event", [name]]}
    order = {"question": question, "condition": "below", "value": 1, "every": 1}
    async with receiving() as canary, aiohttp.ClientSession(headers=admin) as session:
        hooks = [canary.url, canary.url.replace("http:", "https:")]
        async with session.put(url, json={**order, "webhooks": hooks}) as answer:
            assert answer.status == 200, await answer.text()
        async with session.post(f"{url}/test") as answer:
            sent = (await answer.json())["data"]["messages"]

        async def told() -> list[dict[str, Any]]:
            async with session.get(url) as answer:
                found = (await answer.json())["data"]["deliveries"]
            return found if {one["message"] for one in found} >= set(sent) else []

        deliveries = await until(told, within=30)
        assert {one["problem"] for one in deliveries if one["message"] in sent} == {
            "its address is not a public one, and is not in HEADRACE_WEBHOOK_ALLOW"
        }

        async def fired() -> bool:
            async with session.get(url) as answer:
                return bool((await answer.json())["data"]["outcome"] == "firing")

        await until(fired, within=90)
        async with session.delete(url) as answer:
            assert answer.status == 200
        assert canary.calls == []
