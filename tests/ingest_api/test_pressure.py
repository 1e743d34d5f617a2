"""Pressure: who is asked to come later, in which order, and that it ends by itself."""

import base64
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from ingest_api import dialects
from ingest_api.dialect import Rank
from ingest_api.pressure import MARGIN, RETRY_AFTER_SECONDS, of_lag, of_memory, shed
from ingest_api.stream import Redis, fcall
from tests.ingest_api.conftest import Door, opened
from tests.waiting import until
from workers.landed import Landed
from workers.source import Source, trim

MAXMEMORY = 32 * 2**20
RANKS = {dialect.name: dialect.rank for dialect in dialects.load()}
SOME = 60_000  # characters: about so many bytes in Redis, for they do not compress well

#: parts of a binary fraction, for which sums are exact
numbers = st.integers(0, 640).map(lambda part: part / 64)
ranks = st.integers(0, len(Rank))


def test_memory_presses_from_the_soft_limit_on_and_all_are_shed_before_it_is_full() -> None:
    assert [int(of_memory(share, 0.8)) for share in (0, 0.799, 0.801, 0.868, 0.934, 1.001)] == [0, 0, 1, 2, 3, 4]


def test_lag_presses_in_soft_limits() -> None:
    assert [of_lag(seconds, 30) for seconds in (0, 30, 90)] == [0, 1, 3]


@given(numbers, ranks)
def test_who_is_due_is_shed_at_once_and_nobody_for_long_who_is_not(pressure: float, before: int) -> None:
    now = shed(pressure, before)
    assert min(int(pressure), 3) <= now <= 3
    assert now <= max(before, int(pressure))
    assert now - MARGIN <= pressure or now == 0, "a margin below its number nobody of a rank is shed"


@given(numbers, st.lists(st.integers(0, 15).map(lambda part: part * MARGIN / 16), min_size=2), ranks)
def test_within_the_margin_nobody_is_turned_away_and_let_in_by_turns(
    least: float, more: list[float], before: int
) -> None:
    levels = [before]
    for one in more:
        levels.append(shed(least + one, levels[-1]))
    assert levels in (sorted(levels), sorted(levels, reverse=True))


@given(st.lists(numbers), ranks)
def test_no_history_keeps_anybody_out_once_the_pressure_is_gone(history: list[float], before: int) -> None:
    for pressure in history:
        before = shed(pressure, before)
    assert shed(0.7, before) == 0


def test_those_whose_clients_send_again_are_shed_first_and_trackers_last() -> None:
    by_rank = [{name for name, rank in RANKS.items() if rank is one} for one in Rank]
    assert by_rank == [{"eventbunker", "hardal_db", "intake"}, {"pulse"}, {"hardal"}]


# --- with a real Redis --------------------------------------------------------------------------------------------

SAY: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "intake": ("/v1/events", lambda x: {"event_type": "x", "occurred_at": "2026-11-19T10:00:00Z", "data": {"x": x}}),
    "hardal_db": ("/push/server", lambda x: {"event_name": "x", "properties": {"x": x}}),
    "eventbunker": ("/post", lambda x: {"event_name": "x", "x": x}),
    "pulse": ("/collect", lambda x: {"site_id": "site_abc123", "event_type": "x", "timestamp": time.time_ns() // 10**6,
                                     "session_id": "s", "x": x}),
    "hardal": ("/push/hardal", lambda x: {"type": "event", "payload": {"website": "site_abc123", "name": "x",
                                                                      "url": "https://a.example/", "data": {"x": x}}}),
}  # fmt: skip
LATER = "Too many events wait to be stored. Send this again later."
#: the 503 of each dialect, in its own shape
ANSWERS: dict[str, dict[str, Any]] = {
    "intake": {"status": "error", "error": "overloaded", "message": LATER, "details": []},
    "hardal_db": {"error": "Service Unavailable", "message": LATER, "code": 503},
    "eventbunker": {"message": f"Error: {LATER}"},
    "pulse": {"success": False, "error": LATER, "status": 503},
    "hardal": {"error": "Service Unavailable", "message": LATER, "code": 503},
}


@pytest.fixture
async def small(redis: Redis, redis_url: str) -> AsyncIterator[Door]:
    """A front door before a Redis that is soon full."""
    before = (await redis.config_get("maxmemory"))["maxmemory"]
    await redis.config_set("maxmemory", MAXMEMORY)
    async with opened(redis, redis_url, max_event_bytes=100_000) as door:
        yield door
    await redis.config_set("maxmemory", before)


async def send(door: Door, dialect: str, size: int = 1) -> tuple[int, Any, str | None]:
    """One event of about so many bytes: status, answer, Retry-After."""
    path, body = SAY[dialect]
    known = {"Authorization": f"Bearer {door.write_key}", "x-eventbunker-write-key": door.write_key}
    text = base64.b64encode(random.randbytes(size * 3 // 4 + 1)).decode()
    async with door.client.post(path, data=orjson.dumps(body(text)), headers=known) as answer:
        return answer.status, orjson.loads(await answer.read()), answer.headers.get("Retry-After")


async def fill(door: Door, dialect: str) -> None:
    """Send until one is shed, looking at the pressure after each."""
    while (await send(door, dialect, SOME))[0] == 200:
        await door.front_door.pressure.look(door.redis, door.install)


async def turned_away(door: Door) -> set[str]:
    """The dialects that are shed, each with the answer of its own shape; the others take an event."""
    away = set()
    for dialect, shape in ANSWERS.items():
        status, answer, retry_after = await send(door, dialect)
        if status != 200:
            assert (status, answer, retry_after) == (503, shape, str(RETRY_AFTER_SECONDS))
            away.add(dialect)
    return away


async def ready(door: Door) -> tuple[int, Any]:
    """What /readyz says."""
    async with door.client.get("/readyz") as answer:
        return answer.status, orjson.loads(await answer.read())


async def drained(door: Door) -> int:
    """Take and commit everything that waits, and trim it, as a worker does. Returns how many entries."""
    count = 0
    for shard in door.install.shards:
        epoch = await fcall(door.redis, "lease", [shard.lease, shard.epoch], "me", 5000)
        source = Source(door.redis, shard, int(epoch))
        while taken := (await source.take(10_000, 2**25, 0))[0]:
            await source.commit(Landed([entry.decode() for entry, _ in taken], len(taken)))
            count += len(taken)
        await trim(door.redis, shard, 0)
    return count


def shed_count(dialect: str) -> float:
    labels = {"dialect": dialect, "reason": "overloaded"}
    return REGISTRY.get_sample_value("ingest_refusals_total", labels) or 0


@pytest.mark.stack
async def test_a_redis_that_fills_sheds_rank_after_rank_and_the_drain_lets_everybody_in_again(small: Door) -> None:
    counted = {dialect: shed_count(dialect) for dialect in RANKS}
    assert await turned_away(small) == set()
    await fill(small, "intake")
    assert await turned_away(small) == {"intake", "hardal_db", "eventbunker"}
    await fill(small, "pulse")
    assert await turned_away(small) == {"intake", "hardal_db", "eventbunker", "pulse"}
    status, said = await ready(small)
    assert (status, said) == (200, {"status": "ready", "shedding": said["shedding"]})
    assert said["shedding"].startswith("Redis holds 87% of its maxmemory")
    await fill(small, "hardal")
    assert await turned_away(small) == set(RANKS)
    status, said = await ready(small)
    assert (status, said["why"].split(" of ")[0]) == (503, "overloaded: Redis holds 93%")
    assert {dialect: shed_count(dialect) - counted[dialect] for dialect in RANKS} == {
        "intake": 4, "hardal_db": 3, "eventbunker": 3, "pulse": 3, "hardal": 2,
    }  # fmt: skip
    assert REGISTRY.get_sample_value("ingest_shed_ranks") == 3
    assert await drained(small) > 100

    async def served() -> bool:
        return await turned_away(small) == set()

    await until(served)
    assert await ready(small) == (200, {"status": "ready"})


@pytest.mark.stack
async def test_at_the_hard_limit_nothing_is_taken_the_drain_goes_on_and_it_ends_by_itself(small: Door) -> None:
    for _ in range(20):
        assert (await send(small, "hardal", SOME))[0] == 200
    await small.redis.config_set("maxmemory", 2**20)  # what is there already is more
    for dialect in RANKS:
        status, _, retry_after = await send(small, dialect)
        assert (status, retry_after is None) == (503, False)
    assert await drained(small) == 20
    await small.redis.config_set("maxmemory", MAXMEMORY)

    async def served() -> bool:
        return all([(await send(small, dialect))[0] == 200 for dialect in RANKS])

    await until(served)


@pytest.mark.stack
async def test_workers_that_are_far_behind_press_too_where_that_is_asked_for(redis: Redis, redis_url: str) -> None:
    async with opened(redis, redis_url, shed_lag_seconds=0.5) as door:
        assert (await send(door, "hardal"))[0] == 200

        async def all_shed() -> bool:
            return await turned_away(door) == set(RANKS)

        await until(all_shed)
        status, said = await ready(door)
        assert (status, said["why"].startswith("overloaded: the workers are ")) == (503, True)
        await drained(door)
        await until(lambda: _served(door))


async def _served(door: Door) -> bool:
    return (await send(door, "intake"))[0] == 200


@pytest.mark.stack
async def test_who_asks_with_a_wrong_key_hears_so_even_then(small: Door) -> None:
    small.front_door.pressure.shed = len(Rank)
    async with small.post(b"{}", Authorization="Bearer hr_write_x_y") as answer:
        assert answer.status == 401
