"""Waiting for the drain, over a real socket and a real Redis; the drain is moved by hand."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.stream import Shard, connect, fcall
from tests.ingest_api.conftest import Door, opened
from tests.ingest_api.pair import CAREFUL, valkey
from tests.waiting import until
from workers.landed import Landed
from workers.source import Source

pytestmark = pytest.mark.stack

ALL = (1_000_000, 1_000_000_000, 0)


def event(key: str = "", **more: Any) -> dict[str, Any]:
    return {"event_type": "a", "occurred_at": "2026-11-20T10:00:00Z", "idempotency_key": key, **more}


async def ask(door: Door, body: Any, query: str) -> tuple[int, Any]:
    """Status and answer."""
    headers = {"Authorization": f"Bearer {door.write_key}", "Content-Type": "application/json"}
    async with door.client.post(f"/v1/events?{query}", data=orjson.dumps(body), headers=headers) as answer:
        return answer.status, await answer.json()


async def appended(door: Door, count: int) -> list[str]:
    """Wait until so many events are in the shards; their ids in the order of their names and keys."""

    async def there() -> list[Event]:
        rows = [row for entry in await door.frames() for row in frame.decode(entry[b"f"]) if isinstance(row, Event)]
        return rows if len(rows) >= count else []

    return [row.event_id.hex() for row in sorted(await until(there), key=lambda row: row.name)]


async def commit(door: Door, shards: list[Shard], reasons: dict[str, str] | None = None) -> None:
    """What a worker does with these shards, without ClickHouse."""
    for shard in shards:
        epoch = await fcall(door.redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
        source = Source(door.redis, shard, epoch)
        entries, _ = await source.take(*ALL)
        if entries:
            await source.commit(Landed([entry_id.decode() for entry_id, _ in entries], reasons=reasons or {}))


@pytest.mark.parametrize("ack", ["stored", "queryable"])
async def test_who_waits_is_answered_when_the_floor_has_passed_the_event(door: Door, ack: str) -> None:
    asked = asyncio.ensure_future(ask(door, event(), f"ack={ack}&timeout=30"))
    await appended(door, 1)
    done, _ = await asyncio.wait([asked], timeout=0.2)
    assert not done
    await commit(door, door.install.shards)
    status, answer = await asked
    assert (status, answer["ack"], answer["durability"]) == (200, ack, "disk")


async def test_when_the_time_is_over_the_event_is_queued_and_the_answer_is_a_200(door: Door) -> None:
    status, answer = await ask(door, event(), "ack=stored&timeout=0.2")
    assert (status, answer["status"], answer["ack"]) == (200, "ok", "queued")
    status, answer = await ask(door, [event(), event()], "ack=stored&timeout=0.2")
    assert (status, answer["accepted"], answer["ack"]) == (200, 2, "queued")


async def test_a_batch_waits_for_every_shard_that_it_lies_in(door: Door) -> None:
    asked = asyncio.ensure_future(ask(door, [event(f"k{i}") for i in range(100)], "ack=stored&timeout=30"))
    await appended(door, 100)
    *most, last = door.install.shards
    await commit(door, most)
    done, _ = await asyncio.wait([asked], timeout=0.2)
    assert not done
    await commit(door, [last])
    assert (await asked)[1]["ack"] == "stored"


async def test_a_duplicate_of_what_is_stored_waits_for_nothing(door: Door) -> None:
    await ask(door, event("k"), "ack=queued")
    await commit(door, door.install.shards)
    _, answer = await ask(door, event("k"), "ack=stored&timeout=30")
    assert (answer["deduplicated"], answer["ack"]) == (True, "stored")


async def test_an_event_that_the_drain_rejected_is_told_as_such_with_its_reason(door: Door) -> None:
    asked = asyncio.ensure_future(ask(door, event(), "ack=stored&timeout=30"))
    (event_id,) = await appended(door, 1)
    await commit(door, door.install.shards, {event_id: 'Code: 53. "Type" mismatch'})
    status, answer = await asked
    assert (status, answer["ack"], answer["rejection"]) == (200, "rejected", 'Code: 53. "Type" mismatch')


async def test_of_a_batch_those_that_were_rejected_are_told_and_the_others_are_stored(door: Door) -> None:
    batch = [event(event_type="a"), event(event_type="b"), {"event_type": "c"}]
    asked = asyncio.ensure_future(ask(door, batch, "ack=stored&timeout=30"))
    _, second = await appended(door, 2)
    await commit(door, door.install.shards, {second: "too long"})
    status, answer = await asked
    assert (status, answer["ack"], answer["accepted"], answer["rejected"]) == (200, "stored", 2, 1)
    assert [result.get("rejection") for result in answer["results"]] == [None, "too long", None]


async def test_queued_is_no_reason_to_wait_and_a_check_has_nothing_to_wait_for(door: Door) -> None:
    assert (await ask(door, event(), "ack=queued&timeout=60"))[1]["ack"] == "queued"
    assert await ask(door, event(), "ack=stored&timeout=60&validate=1") == (200, {"status": "ok", "valid": True})
    status, answer = await ask(door, [{}], "ack=stored&timeout=60")
    assert (status, "ack" in answer, "durability" in answer) == (400, False, False)


async def test_a_wrong_wish_is_a_400_and_nothing_is_written(door: Door) -> None:
    for query in ("ack=written", "ack=stored&timeout=61", "timeout=soon"):
        status, answer = await ask(door, event(), query)
        assert (status, answer["error"]) == (400, "invalid_field")
    assert await door.frames() == []


async def test_other_dialects_answer_at_once_whatever_is_asked(door: Door) -> None:
    headers = {"x-eventbunker-write-key": door.write_key, "Content-Type": "application/json"}
    body = orjson.dumps({"event_name": "a"})
    async with door.client.post("/post?ack=stored&timeout=x", data=body, headers=headers) as answer:
        assert (answer.status, sorted(await answer.json())) == (200, ["time_recorded", "unique_req_id"])


async def test_who_waits_while_redis_goes_away_hears_that_the_event_is_queued() -> None:
    with valkey(**CAREFUL) as server:
        redis: Any = connect(f"{server.connection_url}/0")
        async with opened(redis, f"{server.connection_url}/0") as door:
            asked = asyncio.ensure_future(ask(door, event(), "ack=stored&timeout=1"))
            await appended(door, 1)
            server.terminate()
            status, answer = await asked
            assert (status, answer["ack"]) == (200, "queued")
        await redis.aclose()


async def test_a_front_door_that_stops_lets_nobody_wait(door: Door) -> None:
    asked = asyncio.ensure_future(ask(door, event(), "ack=stored&timeout=60"))
    await appended(door, 1)
    door.front_door.wind_down()
    status, answer = await asyncio.wait_for(asked, 20)
    assert (status, answer["ack"]) == (200, "queued")
    assert (await ask(door, event(), "ack=stored&timeout=60"))[1]["ack"] == "queued"


async def test_fifty_who_wait_cost_redis_what_one_does(door: Door) -> None:
    async def floors_read() -> int:
        return int((await door.redis.info("commandstats")).get("cmdstat_get", {"calls": 0})["calls"])

    before, started = await floors_read(), time.monotonic()
    answers = await asyncio.gather(*(ask(door, event(), "ack=stored&timeout=0.6") for _ in range(50)))
    looks = (time.monotonic() - started) / 0.03 + 2
    assert {answer["ack"] for _, answer in answers} == {"queued"}
    assert 0 < await floors_read() - before <= looks * len(door.install.shards)
