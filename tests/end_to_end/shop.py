"""A project of its own for a test that looks at all of it, and what its visitors do."""

from datetime import UTC, datetime
from typing import Any

import aiohttp


class Shop:
    """A project of its own, with its keys."""

    def __init__(self, env: dict[str, str], name: str) -> None:
        self.url, self.name, self.admin_key = env["HEADRACE_URL"], name, env["HEADRACE_ADMIN_KEY"]
        self.write_key = self.query_key = ""

    async def make(self) -> "Shop":
        await self._post("/api/v1/projects", {"id": self.name, "site_ids": [self.name]}, self.admin_key)
        for kind in ("write", "query"):
            made = await self._post(f"/api/v1/projects/{self.name}/keys", {"kind": kind}, self.admin_key)
            setattr(self, f"{kind}_key", made["data"]["token"])
        return self

    async def send(self, events: list[dict[str, Any]]) -> None:
        said = await self._post("/v1/events?ack=queryable", events, self.write_key)
        assert said["rejected"] == 0, said

    async def share(self) -> str:
        made = await self._post("/api/v1/shares", {"label": "board"}, self.query_key)
        return str(made["data"]["token"])

    async def _post(self, path: str, body: object, key: str) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            aiohttp.ClientSession(self.url) as client,
            client.post(path, json=body, headers=headers) as answer,
        ):
            assert answer.status in {200, 201}, await answer.text()
            return await answer.json()


def visits(now_ms: int) -> list[dict[str, Any]]:
    """Twenty visitors see two pages, ten of them sign up, five buy."""
    events = []
    for number in range(20):
        steps = [("page_view", "/"), ("page_view", "/pricing")]
        steps += [("user_signup", "/signup")] * (number < 10) + [("purchase", "/thanks")] * (number < 5)
        for step, (name, path) in enumerate(steps):
            at = now_ms - 3_600_000 + number * 1000 + step * 60_000
            events.append(
                {
                    "event_type": name,
                    "occurred_at": _iso(at),
                    "idempotency_key": f"{number}-{step}",
                    "client_id": f"c{number}",
                    "user_id": f"user{number}" if number < 10 and step > 1 else "",
                    "url": f"https://shop.example{path}",
                    "country": "DE" if number % 2 else "FR",
                    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                }
            )
    return events


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
