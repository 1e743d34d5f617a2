"""PULSE over HTTP: what depends on now, and the rate of a key."""

import time
from typing import Any

import orjson
import pytest

from ingest_api.dialect import Outcome, Result, Verdict
from ingest_api.dialects.pulse import DIALECT
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Settings
from ingest_api.projects.projects import Projects
from tests.ingest_api.conftest import Door
from tests.waiting import until

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


async def keyless(door: Door, body: Any, path: str = "/collect/batch", **headers: str) -> tuple[int, Any]:
    """Status and answer of what a page sends with `sendBeacon`: text, and no header of its own."""
    known = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example", **headers}
    async with door.client.post(path, data=orjson.dumps(body), headers=known) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.status, orjson.loads(await answer.read())


async def test_a_page_that_leaves_sends_its_key_in_the_body(door: Door) -> None:
    batch = {"api_key": door.write_key, "events": [event()]}
    assert await keyless(door, batch) == (
        200,
        {"success": True, "data": {"accepted": 1, "deduplicated": 0, "rejected": 0, "errors": []}},
    )
    for wrong in ("", "hr_write_x", door.query_key):
        status, answer = await keyless(door, {**batch, "api_key": wrong})
        assert (status, answer["error"]) == (401, "The key is missing or not valid. Send a write key of your project.")
    status, _ = await keyless(door, batch, Authorization="Bearer wrong")
    assert status == 401, "the header counts where there is one"


async def test_the_key_in_the_body_opens_only_to_pages_that_the_project_lists(door: Door) -> None:
    await Projects(door.redis).update("demo", Settings(origins=("https://shop.example",)))
    batch = {"api_key": door.write_key, "events": [event()]}
    assert (await keyless(door, batch))[0] == 200
    assert (await keyless(door, batch, Origin="https://evil.example"))[0] == 403


@pytest.mark.parametrize("path", ["/collect", "/collect/batch"])
async def test_an_open_site_takes_events_without_a_key_and_no_other_does(door: Door, path: str) -> None:
    def told(**fields: Any) -> Any:
        return event(**fields) if path == "/collect" else {"events": [{"event_type": 7}, event(**fields)]}

    async def taken() -> bool:
        return (await keyless(door, told(), path))[0] == 200

    assert not await taken()
    await Projects(door.redis).update("demo", Settings(public_writes=True))
    await until(taken)
    status, answer = await keyless(door, told(site_id="site_other"), path)
    assert (status, answer["error"]) == (401, "The key is missing or not valid. Send a write key of your project.")
    assert (await keyless(door, told(site_id=None), path))[0] == 401


async def test_an_event_of_a_batch_that_is_sent_again_is_one_event(door: Door) -> None:
    events = [event(idempotency_key="a"), event(idempotency_key="b")]
    _, first, _ = await collect(door, {"events": events}, "/collect/batch")
    _, again, _ = await collect(door, {"events": [event(idempotency_key="c"), *reversed(events)]}, "/collect/batch")
    assert (first["data"]["accepted"], first["data"]["deduplicated"]) == (2, 0)
    assert (again["data"]["accepted"], again["data"]["deduplicated"]) == (1, 2)


async def test_a_key_that_is_a_uuid_is_the_event_s_id(door: Door) -> None:
    key = "019a9c7e-0000-7000-8000-00000000002a"
    _, answer, _ = await collect(door, event(idempotency_key=key.upper()))
    assert answer["data"] == {"event_id": key}


def test_an_event_that_was_not_written_is_marked() -> None:
    outcome = Outcome([Result(bytes(16), Verdict.NEW), Result(bytes(16), Verdict.UNAVAILABLE)], False, 0)
    (error,) = orjson.loads(DIALECT.reply(outcome).body)["data"]["errors"]
    assert (error["index"], error["retry"]) == (1, True)
