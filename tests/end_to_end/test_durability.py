"""What each level promises, and what a failover costs: a front door before real Valkeys that are spoilt or lost."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from ingest_api import dialects, frame
from ingest_api.durability import Level
from ingest_api.event import Event
from ingest_api.stream import Install, connect
from tests.ingest_api.conftest import Door, opened
from tests.ingest_api.dialects.act import told_as
from tests.ingest_api.pair import CAREFUL, pair, valkey
from tests.waiting import until

pytestmark = pytest.mark.stack


async def ask(door: Door, key: str) -> tuple[int, Any]:
    """Send one event under this key; status and answer."""
    event = {"event_type": "a", "occurred_at": "2026-11-20T10:00:00Z", "idempotency_key": key}
    async with door.post(orjson.dumps(event)) as answer:
        return answer.status, await answer.json()


async def send(door: Door, keys: list[str]) -> dict[str, str]:
    """Send events one by one; those acknowledged, by key: their ids."""
    answers = {key: await ask(door, key) for key in keys}
    assert {status for status, _ in answers.values()} <= {200, 503}
    return {key: answer["event_id"] for key, (status, answer) in answers.items() if status == 200}


async def held(redis: Any, made: Install) -> set[str]:
    """Ids of the events in the shards of a server."""
    entries = [fields for shard in made.shards for _, fields in await redis.xrange(shard.frames)]
    events = [event for fields in entries for event in frame.decode(fields[b"f"])]
    return {f"evt_{event.event_id.hex()}" for event in events if isinstance(event, Event)}


async def status_in(dialect: Any, door: Door) -> int:
    """What an event is answered in another dialect."""
    now = {"timestamp": int(time.time() * 1000)} if dialect.name == "pulse" else {}
    body = orjson.dumps({**told_as(dialect.name), **now}).replace(b'"demo"', b'"site_abc123"')
    bearer = "Bearer " if dialect.shape.key_header == "Authorization" else ""
    headers = {dialect.shape.key_header: f"{bearer}{door.write_key}", "Content-Type": "application/json"}
    async with door.client.post(dialect.routes[0], data=body, headers=headers) as answer:
        assert (answer.status == 503) is ("Retry-After" in answer.headers)
        return int(answer.status)


async def why(door: Door) -> str:
    """Why it is not ready; empty when it is."""
    async with door.client.get("/readyz") as answer:
        return "" if answer.status == 200 else str((await answer.json())["why"])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("appendfsync", "everysec"), ("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")],
)
async def test_a_setting_changed_behind_its_back_closes_it_in_every_dialect_until_it_is_changed_back(
    name: str, wrong: str
) -> None:
    with valkey(**CAREFUL) as server:
        redis: Any = connect(f"{server.connection_url}/0")
        async with opened(redis, f"{server.connection_url}/0") as door:
            assert {await status_in(dialect, door) for dialect in dialects.load()} == {200}
            await redis.config_set(name, wrong)
            told = await until(lambda: why(door))
            assert told.startswith(f"Redis has {name} {wrong}; durability disk needs {CAREFUL[name]}.")
            assert {await status_in(dialect, door) for dialect in dialects.load()} == {503}
            await redis.config_set(name, CAREFUL[name])

            async def ready() -> bool:
                return not await why(door)

            await until(ready)
            assert {await status_in(dialect, door) for dialect in dialects.load()} == {200}
        await redis.aclose()


async def test_a_server_that_takes_the_place_of_another_gets_no_event_before_it_was_asked() -> None:
    async with pair(appendfsync="everysec") as both, opened(both.primary, both.url) as door:
        acked = await send(door, ["before"])
        await both.together()
        await both.fail_over()
        assert await asyncio.gather(*(send(door, [f"after-{number}"]) for number in range(10))) == [{}] * 10
        assert "appendfsync everysec" in await until(lambda: why(door))
        assert await held(both.replica, door.install) == set(acked.values())
        await both.replica.config_set("appendfsync", "always")
        assert await until(lambda: send(door, ["later"]))


async def test_at_disk_acks_go_on_without_the_replica_and_a_failover_costs_what_it_never_got() -> None:
    async with pair() as both, opened(both.primary, both.url) as door:
        reached = await send(door, [f"before-{number}" for number in range(20)])
        await both.together()
        both.cut()
        unreached = await send(door, [f"after-{number}" for number in range(20)])
        assert (len(reached), len(unreached)) == (20, 20)
        await both.fail_over()
        assert await held(both.replica, door.install) == set(reached.values())


async def test_at_replica_nothing_is_acknowledged_that_the_replica_lacks_and_a_failover_costs_nothing() -> None:
    async with pair() as both:
        await both.together()
        async with opened(both.primary, both.url, durability=Level.REPLICA) as door:
            acked = await send(door, [f"before-{number}" for number in range(20)])
            assert len(acked) == 20
            both.cut()
            for _ in range(3):  # written by the first, and not acknowledged by the second for that
                assert (await ask(door, "cut"))[0] == 503
            assert await until(lambda: why(door))
            both.mend()

            async def again() -> Any:
                status, answer = await ask(door, "cut")
                return answer if status == 200 else None

            answer = await until(again, within=30)
            assert (answer["deduplicated"], answer["durability"]) == (True, "replica")
            acked |= {"cut": answer["event_id"]} | await send(door, [f"mended-{number}" for number in range(20)])
            both.cut()
            assert await send(door, ["lost-0", "lost-1"]) == {}
            await both.fail_over()
            assert await held(both.replica, door.install) == set(acked.values())
