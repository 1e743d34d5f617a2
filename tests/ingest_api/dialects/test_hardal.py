"""Hardal over HTTP: sites that write without a key, and pages that may not."""

from typing import Any

import orjson
import pytest

from ingest_api.projects.projects import Projects, Settings
from tests.ingest_api.conftest import Door
from tests.waiting import until

pytestmark = pytest.mark.stack

BODY = {"type": "event", "payload": {"website": "site_abc123", "name": "page_view", "url": "https://a.example/"}}


async def push(door: Door, body: Any = BODY, **headers: str) -> tuple[int, Any, Any]:
    """Status, answer and headers."""
    async with door.client.post("/push/hardal", data=orjson.dumps(body), headers=headers) as answer:
        return answer.status, orjson.loads(await answer.read()), answer.headers


async def opened(door: Door, **settings: Any) -> None:
    """Allow the project's sites to write, and wait until the front door knows."""
    await Projects(door.redis).update("demo", Settings(public_writes=True, **settings))

    async def known() -> bool:
        status, _, _ = await push(door)
        return status != 401

    await until(known)


async def test_a_key_opens_the_door_and_no_key_does_not(door: Door) -> None:
    status, answer, _ = await push(door)
    assert (status, answer["message"]) == (401, "Authentication required. Please provide a valid API token")
    status, answer, _ = await push(door, Authorization=f"Bearer {door.write_key}")
    assert (status, answer) == (200, {"ok": True})


async def test_a_site_that_may_writes_without_a_key_and_never_with_a_bad_one(door: Door) -> None:
    await opened(door)
    assert (await push(door))[:2] == (200, {"ok": True})
    status, answer, _ = await push(door, Authorization="Bearer hr_write_x_y")
    assert (status, answer["error"]) == (401, "Unauthorized")


@pytest.mark.parametrize("keyed", [True, False])
async def test_an_unknown_site_is_told_so(door: Door, keyed: bool) -> None:
    body = {"type": "event", "payload": {**BODY["payload"], "website": "nobody"}}  # type: ignore[dict-item]
    status, answer, _ = await push(door, body, **({"Authorization": f"Bearer {door.write_key}"} if keyed else {}))
    assert (status, answer["message"], answer["code"]) == (401, "Invalid Signal ID.", 401)


async def test_only_pages_of_the_listed_origins_may_write(door: Door) -> None:
    await opened(door, origins=("https://a.example",))
    status, answer, headers = await push(door, Origin="https://a.example")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    status, answer, _ = await push(door, Origin="https://evil.example")
    assert (status, answer["code"]) == (403, 403)
    assert (await push(door))[0] == 200


async def test_the_sites_of_a_project_share_one_bucket(door: Door) -> None:
    await opened(door, public_rate=2)

    async def empty() -> bool:
        return (await push(door))[0] == 429

    await until(empty)
    _, answer, headers = await push(door)
    assert answer["error"] == "Too Many Requests"
    assert headers["X-RateLimit-Limit"] == "2"
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert (await push(door, Authorization=f"Bearer {door.write_key}"))[0] == 200
