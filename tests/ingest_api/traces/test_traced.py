"""Which requests are traced: by chance, and whose own trace is, as far as they may decide it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from ingest_api.projects.project import Settings
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from ingest_api.traces import tracing
from ingest_api.traces.traced import Room
from tests.collector import Collector, collecting
from tests.ingest_api.conftest import Door, opened

pytestmark = pytest.mark.stack

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
EVENT = b'{"event_type": "signup", "occurred_at": "2026-10-01T10:00:00Z", "data": {"mail": "ann@shop.example"}}'


@contextlib.asynccontextmanager
async def traced(redis: Redis, redis_url: str, **settings: Any) -> AsyncIterator[tuple[Door, Collector]]:
    """A front door that traces, and what it tells."""
    async with collecting() as collector:
        spans = Counter("spans_total", "Spans", ["outcome"], registry=CollectorRegistry())
        tracing.set_up(collector.url, "tests", spans)
        try:
            async with opened(redis, redis_url, **settings) as door:
                yield door, collector
        finally:
            await asyncio.to_thread(tracing.close)


async def post(door: Door, body: bytes = EVENT, **headers: str) -> int:
    async with door.post(body, **headers) as answer:
        return answer.status


async def test_a_request_of_a_sampled_trace_goes_on_with_it(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=0) as (door, collector):
        assert await post(door, b"[" + EVENT + b"," + EVENT + b"]", traceparent=SAMPLED) == 200
        (request,), (append,) = await collector.named("POST /v1/events"), await collector.named("append")
        assert (request.trace, request.parent, request.kind) == (TRACE, SPAN, "server")
        assert (append.trace, append.parent, append.kind) == (TRACE, request.id, "producer")
        assert request.attributes == {
            "http.request.method": "POST",
            "http.route": "/v1/events",
            "url.scheme": "http",
            "headrace.dialect": "intake",
            "headrace.events": 2,
            "http.response.status_code": 200,
        }
        assert append.attributes["messaging.batch.message_count"] == 2
        (frame,) = await door.frames()
        assert frame[b"t"].hex() == TRACE + append.id


async def test_chance_alone_decides_for_all_others(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=1, traces_per_second=0) as (door, collector):
        assert await post(door) == 200
        assert await post(door, traceparent=UNSAMPLED) == 200
        assert await post(door, traceparent=SAMPLED, Authorization="Bearer wrong") == 401
        fresh, known, refused = await collector.named("POST /v1/events", 3)
        assert (fresh.parent, known.trace, known.parent) == ("", TRACE, SPAN)
        assert (refused.parent, refused.attributes["http.response.status_code"]) == ("", 401)
        assert refused.trace != TRACE
        assert not refused.failed


async def test_a_stranger_cannot_have_himself_traced(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=0) as (door, collector):
        await Projects(redis).update("demo", Settings(public_writes=True))
        hardal = b'{"type": "event", "payload": {"name": "x", "url": "https://a.example/", "website": "site_abc123"}}'
        async with door.client.post("/push/hardal", data=hardal, headers={"traceparent": SAMPLED}) as answer:
            assert answer.status == 200
        assert await post(door, traceparent=SAMPLED, Authorization="Bearer wrong") == 401
        assert await post(door, traceparent=UNSAMPLED) == 200
        assert await post(door, traceparent=SAMPLED) == 200
        await collector.named("append")
        assert [one.name for one in collector.spans].count("POST /v1/events") == 1
        assert sorted(b"t" in frame for frame in await door.frames()) == [False, False, True]


async def test_with_a_key_too_no_more_are_traced_a_second_than_is_set(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=0, traces_per_second=0) as (door, collector):
        assert await post(door, traceparent=SAMPLED) == 200
        assert [frame for frame in await door.frames() if b"t" in frame] == []
    assert collector.spans == []


async def test_requests_of_one_connection_are_told_apart(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=0, traces_per_second=1000) as (door, collector):
        for number in range(6):
            assert await post(door, EVENT, traceparent=SAMPLED if number % 2 else UNSAMPLED) == 200
        assert len(await collector.named("append", 3)) == 3
        assert [b"t" in frame for frame in await door.frames()].count(True) == 3
        assert tracing.trace_id() == ""


async def test_a_frame_names_no_more_than_some_of_its_requests(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=1) as (door, collector):
        assert set(await asyncio.gather(*(post(door) for _ in range(100)))) == {200}
        await collector.named("append", 100)
        named = [len(frame[b"t"]) // 24 for frame in await door.frames()]
        assert max(named) <= tracing.MOST


async def test_what_a_producer_says_is_in_no_span(redis: Redis, redis_url: str) -> None:
    async with traced(redis, redis_url, traces_sample=1) as (door, collector):
        assert await post(door, User_Agent="Mozilla/5.0 secret-agent", tracestate="vendor=secret-state") == 200
        await collector.named("append")
        told = repr(collector.spans)
        assert "POST /v1/events" in told
        for secret in ("signup", "ann@shop", "secret", "127.0.0.1", door.write_key, door.write_key.rsplit("_", 1)[1]):
            assert secret not in told


def test_there_is_room_for_so_many_a_second() -> None:
    room = Room(5)
    assert [room.take() for _ in range(5)] == [True] * 5
    assert [Room(0).take() for _ in range(5)] == [False] * 5
    assert not all(room.take() for _ in range(10_000))
