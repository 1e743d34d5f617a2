"""The one handler, over a real socket: what producers see."""

import asyncio
import gzip
import zlib
from typing import Any

import orjson
import pytest

from ingest_api import frame, ledger, zstd
from ingest_api.event import Event
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from tests.ingest_api.conftest import Door

pytestmark = pytest.mark.stack

EVENT = {
    "event_type": "user.created",
    "occurred_at": "2025-12-22T10:30:00Z",
    "idempotency_key": "0f3f6f9b-9f0b-4c8d-9f18-5b6a9d9d2d41",
    "data": {"user_id": "u_12345", "plan": "pro"},
}


async def stored(door: Door) -> list[Event]:
    """Every event in the shards, those in skip lists left out."""
    events = []
    for entry in await door.frames():
        skip = entry.get(b"s", b"")
        skipped = {int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)}
        rows = frame.decode(entry[b"f"])
        events += [row for index, row in enumerate(rows) if index not in skipped]
    return [event for event in events if isinstance(event, Event)]


async def ask(door: Door, body: Any, **headers: str) -> tuple[int, Any]:
    """Status and answer."""
    async with door.post(body if isinstance(body, bytes) else orjson.dumps(body), **headers) as answer:
        return answer.status, orjson.loads(await answer.read())


async def test_one_event_is_answered_as_the_document_says_and_stored_as_it_was_told(door: Door) -> None:
    status, answer = await ask(door, EVENT)
    assert status == 200
    assert list(answer) == ["status", "event_id", "received_at", "durability"]
    (event,) = await stored(door)
    assert answer["event_id"] == f"evt_{event.event_id.hex()}"
    assert (event.project, event.name, event.occurred_at) == ("demo", "user.created", 1_766_399_400_000)
    assert event.properties == b'{"user_id":"u_12345","plan":"pro"}'


async def test_a_retry_gets_the_same_id_and_makes_no_second_event(door: Door) -> None:
    _, first = await ask(door, EVENT)
    _, second = await ask(door, EVENT)
    assert second["event_id"] == first["event_id"]
    assert second["deduplicated"] is True
    assert "payload_mismatch" not in second
    assert len(await stored(door)) == 1


async def test_the_same_key_with_other_content_is_told_and_makes_no_second_event(door: Door) -> None:
    await ask(door, EVENT)
    _, answer = await ask(door, {**EVENT, "data": {"plan": "free"}})
    assert answer["payload_mismatch"] is True
    assert len(await stored(door)) == 1


async def test_a_hundred_retries_at_once_make_one_event(door: Door) -> None:
    answers = await asyncio.gather(*(ask(door, EVENT) for _ in range(100)))
    assert len({answer["event_id"] for _, answer in answers}) == 1
    assert sum("deduplicated" not in answer for _, answer in answers) == 1
    assert len(await stored(door)) == 1


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps([EVENT, {**EVENT, "idempotency_key": "b"}]),
        orjson.dumps({"events": [EVENT, {**EVENT, "idempotency_key": "b"}]}),
    ],
    ids=["array", "events"],
)
async def test_a_list_of_events_is_answered_item_by_item(door: Door, body: bytes) -> None:
    status, answer = await ask(door, body)
    assert status == 200
    assert (answer["accepted"], answer["deduplicated"], answer["rejected"]) == (2, 0, 0)
    assert [result["index"] for result in answer["results"]] == [0, 1]
    assert len(await stored(door)) == 2


async def test_ndjson_is_a_list_of_lines(door: Door) -> None:
    body = b"\n".join(orjson.dumps({**EVENT, "idempotency_key": str(i)}) for i in range(500)) + b"\n\n"
    status, answer = await ask(door, body, Content_Type="application/x-ndjson; charset=utf-8")
    assert (status, answer["accepted"]) == (200, 500)
    assert len(await stored(door)) == 500


async def test_a_bad_event_does_not_sink_its_neighbours(door: Door) -> None:
    status, answer = await ask(door, [EVENT, {"event_type": "x"}, 7, {**EVENT, "idempotency_key": "c"}])
    assert status == 200
    assert (answer["accepted"], answer["rejected"]) == (2, 2)
    assert "occurred_at: is required" in answer["results"][1]["error"]
    assert len(await stored(door)) == 2


async def test_a_batch_of_nothing_but_bad_events_is_a_400(door: Door) -> None:
    status, answer = await ask(door, [{}, {}])
    assert (status, answer["status"], answer["rejected"]) == (400, "error", 2)


async def test_every_wrong_field_of_an_event_is_named(door: Door) -> None:
    status, answer = await ask(door, {"event_type": 7, "occurred_at": "yesterday", "data": []})
    assert status == 400
    assert {detail["field"] for detail in answer["details"]} == {"event_type", "occurred_at", "data"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[",
        b"nonsense",
        b'{"event_type":"a",}',
        b"\xff\xfe",
        b'"text"',
        b"7",
        b"null",
        b"[]",
        b'{"events":[]}',
    ],
)
async def test_a_body_that_is_no_event_is_a_400_and_never_a_500(door: Door, body: bytes) -> None:
    status, answer = await ask(door, body)
    assert (status, answer["status"]) == (400, "error")
    assert answer["message"]


async def test_checking_stores_nothing_and_remembers_no_key(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.write_key}"}
    async with door.client.post("/v1/events?validate=1", data=orjson.dumps(EVENT), headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok", "valid": True})
    assert await stored(door) == []
    _, first = await ask(door, EVENT)
    assert "deduplicated" not in first


async def test_a_refused_event_remembers_no_key(door: Door) -> None:
    status, _ = await ask(door, {**EVENT, "event_type": ""})
    assert status == 400
    _, answer = await ask(door, EVENT)
    assert "deduplicated" not in answer


async def test_a_request_key_names_each_of_its_events(door: Door) -> None:
    plain = [{**EVENT, "idempotency_key": ""}, {**EVENT, "idempotency_key": ""}]
    _, first = await ask(door, plain, Idempotency_Key="request-1")
    _, again = await ask(door, plain, Idempotency_Key="request-1")
    assert (first["accepted"], again["accepted"], again["deduplicated"]) == (2, 0, 2)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic dTpw", "Bearer hr_write_0_0"])
async def test_whatever_is_wrong_with_the_key_the_answer_is_the_same_401(door: Door, header: str) -> None:
    status, answer = await ask(door, EVENT, Authorization=header)
    assert (status, answer["error"]) == (401, "unauthorized")
    assert await stored(door) == []


async def test_a_query_key_cannot_write(door: Door) -> None:
    status, _ = await ask(door, EVENT, Authorization=f"Bearer {door.query_key}")
    assert status == 401


async def test_a_fixed_demo_token_opens_nothing_unless_the_setting_says_so(door: Door) -> None:
    status, _ = await ask(door, EVENT, Authorization="Bearer test_123")
    assert status == 401


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress), ("identity", bytes)],
)
async def test_a_packed_body_is_unpacked(door: Door, encoding: str, pack: Any) -> None:
    status, _ = await ask(door, pack(orjson.dumps(EVENT)), Content_Encoding=encoding)
    assert status == 200
    assert len(await stored(door)) == 1


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)]
)
@pytest.mark.parametrize("damage", ["cut off", "followed", "not packed"])
async def test_a_packed_body_that_is_not_whole_is_refused(door: Door, encoding: str, pack: Any, damage: str) -> None:
    lines = b"\n".join(orjson.dumps({**EVENT, "idempotency_key": str(i)}) for i in range(200))
    packed = {"cut off": pack(lines)[:-4], "followed": pack(lines) + b"more", "not packed": lines}[damage]
    headers = {"Content_Encoding": encoding, "Content_Type": "application/x-ndjson"}
    status, answer = await ask(door, packed, **headers)
    assert (status, answer["error"]) == (400, "malformed_encoding")
    assert await stored(door) == []


async def test_an_unknown_encoding_is_a_415(door: Door) -> None:
    status, answer = await ask(door, orjson.dumps(EVENT), Content_Encoding="gzip, gzip")
    assert (status, answer["error"]) == (415, "unsupported_encoding")


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
async def test_a_bomb_is_refused_before_it_is_unpacked_whole(door: Door, pack: Any) -> None:
    encoding = "gzip" if pack is gzip.compress else "zstd"
    status, answer = await ask(door, pack(b" " * 50_000_000), Content_Encoding=encoding)
    assert (status, answer["error"]) == (413, "body_too_large")


async def test_a_body_or_a_batch_over_the_limit_is_a_413(door: Door) -> None:
    status, _ = await ask(door, b" " * 200_001)
    assert status == 413
    status, answer = await ask(door, b"[" + b"0," * 1000 + b"0]")
    assert (status, answer["error"]) == (413, "too_many_events")


async def test_an_event_over_the_limit_is_refused_and_its_neighbour_taken(door: Door) -> None:
    _, answer = await ask(door, [{**EVENT, "data": {"x": "x" * 20_000}}, {**EVENT, "idempotency_key": "b"}])
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert answer["results"][0]["reason"] == "event_too_large"


@pytest.mark.parametrize("header", ["User-Agent", "Idempotency-Key", "Authorization", "Content-Type", "X-Anything"])
async def test_a_header_that_is_not_utf_8_harms_nobody(door: Door, header: str) -> None:
    body = orjson.dumps(EVENT)
    head = {
        "Authorization": f"Bearer {door.write_key}",
        "Host": "x",
        "Content-Length": str(len(body)),
        header: "Bearer \xff",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"POST /v1/events HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body)
    status = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await writer.wait_closed()
    assert status.split()[1] == (b"401" if header == "Authorization" else b"200")
    assert (await ask(door, {**EVENT, "idempotency_key": "another"}))[0] == 200


async def test_every_answer_carries_its_own_request_id(door: Door) -> None:
    async with door.post(orjson.dumps(EVENT)) as first, door.post(b"{") as second:
        assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


async def refusals(door: Door) -> dict[str, int]:
    """What the ledger has of this door, by project, outcome and reason."""
    await door.front_door.refusals.flush(door.redis)
    (cursor,) = await ledger.cursors(door.redis, [ledger.REFUSALS])
    if cursor is None:
        return {}
    found = await ledger.read(door.redis, ledger.REFUSALS, range(cursor, cursor + 3))
    return {f"{line.project}:{line.outcome}": count for line, count in found.items()}


async def test_what_is_refused_of_a_project_stands_in_its_ledger_by_reason(door: Door) -> None:
    for _ in range(2):
        await ask(door, {**EVENT, "occurred_at": "soon"})
    await ask(door, [EVENT, {**EVENT, "event_type": ""}, {"event_type": "x" * 30_000, **EVENT}, 7])
    await ask(door, b"{")
    await ask(door, b"x" * 300_000)
    found = await refusals(door)
    assert sum(found.values()) == 2 + 2 + 1 + 1
    assert (found["demo:refused:malformed_body"], found["demo:refused:body_too_large"]) == (1, 1)


async def test_a_request_over_its_rate_is_refused_with_all_its_events(door: Door) -> None:
    _, token = await Projects(door.redis).create_key("demo", Kind.WRITE, rate=2)
    events = [{**EVENT, "idempotency_key": str(number)} for number in range(5)]
    assert (await ask(door, events, Authorization=f"Bearer {token}"))[0] == 429
    assert await refusals(door) == {"demo:refused:rate_limited": 5}


async def test_who_has_no_key_and_who_only_asks_stand_in_no_ledger(door: Door) -> None:
    await ask(door, EVENT, Authorization="Bearer hr_write_unknown")
    await ask(door, EVENT, Authorization=f"Bearer {door.query_key}")
    await ask(door, EVENT)
    async with door.client.post(
        "/v1/events?validate=1", data=b'{"event_type":""}', headers={"Authorization": f"Bearer {door.write_key}"}
    ) as answer:
        assert answer.status == 400
    assert await refusals(door) == {}


async def test_every_event_that_redis_does_not_take_is_refused_once(door: Door) -> None:
    await door.redis.config_set("maxmemory", "1mb")
    try:
        assert (await ask(door, [EVENT, {**EVENT, "idempotency_key": "b"}]))[0] == 503
        assert (await ask(door, EVENT))[0] == 503
    finally:
        await door.redis.config_set("maxmemory", "512mb")
    assert sum((await refusals(door)).values()) == 3
