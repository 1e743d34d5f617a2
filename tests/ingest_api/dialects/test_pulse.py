"""PULSE over HTTP: what depends on now, and the rate of a key."""

import time
from typing import Any

import orjson
import pytest

from ingest_api.keys import Kind
from ingest_api.projects import Projects
from tests.ingest_api.conftest import Door

pytestmark = pytest.mark.stack


def event(**fields: Any) -> dict[str, Any]:
    """The smallest event, now."""
    known = {"site_id": "site_abc123", "event_type": "click", "session_id": "s", "timestamp": int(time.time() * 1000)}
    return {**known, **fields}


async def collect(door: Door, body: Any, path: str = "/collect", key: str = "") -> tuple[int, Any, Any]:
    """Status, answer and headers."""
    headers = {"Authorization": f"Bearer {key or door.write_key}"}
    async with door.client.post(path, data=orjson.dumps(body), headers=headers) as answer:
        return answer.status, orjson.loads(await answer.read()), answer.headers


@pytest.mark.parametrize(
    ("days", "status", "said"), [(-29.9, 200, ""), (-30.1, 400, "30 days ago"), (0.9, 200, ""), (1.1, 400, "24 hours")]
)
async def test_only_recent_events_are_taken(door: Door, days: float, status: int, said: str) -> None:
    moment = int(time.time() * 1000 + days * 86_400_000)
    answered, answer, _ = await collect(door, event(timestamp=moment))
    assert answered == status
    assert answer["success"] is (status == 200)
    assert said in answer.get("error", "")
    if status == 400:
        assert answer["error"].startswith("timestamp: ")


async def test_a_site_of_another_project_is_refused(door: Door) -> None:
    await Projects(door.redis).create("other", ("site_other",))
    status, answer, _ = await collect(door, event(site_id="site_other"))
    assert (status, answer["error"]) == (400, "site_id: does not belong to this key's project.")


async def test_a_rate_is_told_and_then_holds(door: Door) -> None:
    _, key = await Projects(door.redis).create_key("demo", Kind.WRITE, rate=5)
    status, answer, headers = await collect(door, {"events": [event() for _ in range(4)]}, "/collect/batch", key)
    assert (status, answer["data"]["accepted"]) == (200, 4)
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5", "1")
    status, answer, headers = await collect(door, {"events": [event() for _ in range(4)]}, "/collect/batch", key)
    assert (status, answer) == (429, {"success": False, "error": "Rate limit exceeded", "status": 429})
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert (await collect(door, event()))[0] == 200


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "1e400", "true", '"1"']
)
async def test_a_number_out_of_range_is_refused_in_a_typed_field(door: Door, number: str) -> None:
    body = b'{"site_id":"site_abc123","event_type":"a","session_id":"s","timestamp":' + number.encode() + b"}"
    async with door.client.post("/collect", data=body, headers={"Authorization": f"Bearer {door.write_key}"}) as answer:
        assert answer.status == 400
        assert orjson.loads(await answer.read())["error"].startswith("timestamp: ")
