"""One event's way, told by real processes to a real collector; and a collector that is not there."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from deploy.local import ready
from deploy.local.ports import HOST, free_port
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from tests.collector import Told, collecting
from tests.faults.actor import Actor
from tests.faults.clickhouse_proxy import ClickHouseProxy
from tests.waiting import until

pytestmark = pytest.mark.stack

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
EVENT = b'{"event_type": "signup", "occurred_at": "2026-10-01T10:00:00Z", "idempotency_key": "k1", "data": {"a": "b"}}'


class Listening(ClickHouseProxy):
    """In front of the real ClickHouse: it hears which traces are told of."""

    def __init__(self, url: str) -> None:
        super().__init__(urlsplit(url).port or 0)
        self.heard: set[str] = set()

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.Response:
        self.heard.add(request.headers.get("traceparent", ""))
        return await super()._forward(request, body)


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[Listening, str]]:
    """With the URL that leads through it."""
    proxy = Listening(url)
    await proxy.start()
    try:
        yield proxy, url.replace(f":{urlsplit(url).port}/", f":{proxy.port}/")
    finally:
        await proxy.stop()


@dataclass(frozen=True)
class Services:
    """Processes on the tests' stores, none of them started, and the keys of a project."""

    door: Actor
    worker: Actor
    query: Actor
    door_url: str
    query_url: str
    metrics_url: str
    write_key: str
    query_key: str

    async def post(self, **headers: str) -> int:
        known = {"Authorization": f"Bearer {self.write_key}", "Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{self.door_url}/v1/events", data=EVENT, headers={**known, **headers}) as answer,
        ):
            return answer.status

    async def ask(self, **headers: str) -> int:
        known = {"Authorization": f"Bearer {self.query_key}"}
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self.query_url}/api/v1/stats?metric=event_count", headers={**known, **headers}) as answer,
        ):
            return answer.status


@asynccontextmanager
async def services(
    redis: Redis, redis_url: str, clickhouse_url: str, folder: Path, **env: str
) -> AsyncIterator[Services]:
    """Set with these settings, and ended at the end."""
    projects = Projects(redis)
    await projects.create("traced")
    keys = {kind: (await projects.create_key("traced", kind))[1] for kind in (Kind.WRITE, Kind.QUERY)}
    door_port, query_port, metrics_port = free_port(), free_port(), free_port()
    door_url, query_url = f"http://{HOST}:{door_port}", f"http://{HOST}:{query_port}"
    known = {
        "HEADRACE_REDIS_URL": redis_url,
        "HEADRACE_CLICKHOUSE_URL": clickhouse_url,
        "HEADRACE_INGEST_PORT": str(door_port),
        "HEADRACE_QUERY_PORT": str(query_port),
        "HEADRACE_METRICS_PORT": str(metrics_port),
        "HEADRACE_STOP_SECONDS": "20",  # what is waited for is the last of the traces, however busy the machine
        **env,
    }
    python = (sys.executable, "-m")
    door = Actor(
        *("door", (*python, "ingest_api"), ready.http(f"{door_url}/readyz", door_port), folder / "door.log", known)
    )
    command = (*python, "arq", "workers.worker.WorkerSettings")
    worker = Actor("worker", command, ready.worker(redis_url), folder / "worker.log", known)
    probe = ready.http(f"{query_url}/readyz", query_port)
    query = Actor("query", (*python, "queries"), probe, folder / "query.log", known)
    metrics_url = f"http://{HOST}:{metrics_port}/metrics"
    try:
        yield Services(door, worker, query, door_url, query_url, metrics_url, keys[Kind.WRITE], keys[Kind.QUERY])
    finally:
        for actor in (door, worker, query):
            await actor.kill()


def lines(log: Path, message: str) -> list[dict[str, object]]:
    """Lines of a log that say this."""
    found = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [line for line in found if line["message"] == message]


async def test_an_event_is_one_story_from_its_request_to_its_insert(
    redis: Redis, redis_url: str, clickhouse_url: str, tmp_path: Path
) -> None:
    async with (
        collecting() as collector,
        listening(clickhouse_url) as (proxy, url),
        services(redis, redis_url, url, tmp_path, HEADRACE_TRACES_URL=collector.url) as made,
    ):
        await asyncio.gather(made.door.start(), made.query.start(), made.worker.start())
        assert await made.post(traceparent=f"00-{TRACE}-{SPAN}-01") == 200
        assert await made.ask(traceparent=f"00-{TRACE}-{SPAN}-01") == 200
        (request,), (append,) = await collector.named("POST /v1/events"), await collector.named("append")
        assert (request.service, request.trace, request.parent) == ("headrace-ingest", TRACE, SPAN)
        assert (append.trace, append.parent) == (TRACE, request.id)
        (batch,) = await collector.named("batch")
        assert (batch.service, batch.kind, batch.parent) == ("headrace-worker", "consumer", "")
        assert batch.links == [(TRACE, append.id)]
        assert batch.attributes["messaging.destination.name"] == append.attributes["messaging.destination.name"]
        assert (batch.attributes["headrace.stored"], batch.attributes["headrace.rejected"]) == (1, 0)
        parts = {one.name: one for one in collector.spans if one.parent == batch.id}
        assert parts.keys() == {"decode", "steps", "insert", "commit"}
        assert {one.trace for one in parts.values()} == {batch.trace}
        _check_insert(parts["insert"], str(batch.attributes["headrace.batch"]))
        (asked,), (query, *_) = await collector.named("GET /api/v1/stats"), await collector.named("query")
        assert (asked.service, asked.trace, asked.parent) == ("headrace-query", TRACE, SPAN)
        assert (query.trace, query.parent, query.kind) == (TRACE, asked.id, "client")
        assert {told_to_clickhouse(parts["insert"]), told_to_clickhouse(query), ""} <= proxy.heard
        (line,) = lines(made.worker.log, "batch")
        assert (line["trace_id"], line["stored"]) == (batch.trace, 1)
        assert [one for one in collector.spans if one.failed] == []
        ends = {one.name: one.stop() for one in (made.door, made.worker, made.query)}
        assert dict(zip(ends, await asyncio.gather(*ends.values()), strict=True)) == dict.fromkeys(ends, 0)


def told_to_clickhouse(call: Told) -> str:
    """The header that makes ClickHouse's own spans children of the call's."""
    return f"00-{call.trace}-{call.id}-01"


def _check_insert(insert: Told, span: str) -> None:
    said = insert.attributes
    assert (insert.kind, said["db.system.name"], said["db.collection.name"]) == ("client", "clickhouse", "events")
    assert said["db.operation.batch.size"] == 1
    assert span in str(said["headrace.token"])


async def test_asked_for_traces_a_worker_without_opentelemetry_ends_and_says_what_to_install(
    redis: Redis, redis_url: str
) -> None:
    code = "import sys, runpy; sys.modules['opentelemetry'] = None; runpy.run_module('arq', run_name='__main__')"
    known = {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_TRACES_URL": "http://127.0.0.1:4318/v1/traces"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "workers.worker.WorkerSettings"),
        env={**os.environ, **known},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().strip().endswith("pip install 'headrace[traces]'")


async def test_events_flow_where_no_collector_is_and_what_is_dropped_is_counted(
    redis: Redis, redis_url: str, clickhouse_url: str, tmp_path: Path
) -> None:
    nobody = f"http://{HOST}:{free_port()}/v1/traces"
    async with services(
        *(redis, redis_url, clickhouse_url, tmp_path), HEADRACE_TRACES_URL=nobody, HEADRACE_TRACES_SAMPLE="1"
    ) as made:
        await made.door.start()

        async def dropped() -> int:
            assert await made.post() == 200
            async with aiohttp.ClientSession() as client, client.get(made.metrics_url) as answer:
                said = re.search(r'^ingest_spans_total\{outcome="dropped"\} (\S+)', await answer.text(), re.MULTILINE)
            return int(float(said[1])) if said else 0

        assert await until(dropped) > 0
        (line,) = lines(made.door.log, "traces are dropped")
        assert nobody.split("/")[2].split(":")[1] in str(line["why"])
        assert await made.door.stop() == 0
        assert "opentelemetry" not in made.door.log.read_text()
