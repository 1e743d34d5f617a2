"""A front door in this process: the real application on a real socket, with a real Redis."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ingest_api.app import build_server
from ingest_api.front_door import FrontDoor
from ingest_api.http.connection import Server
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.settings import Settings
from ingest_api.stream import Install, Redis, install
from tests.waiting import until


@dataclass(frozen=True)
class Door:
    """Where it listens, what opens it, and its inside."""

    client: aiohttp.ClientSession
    front_door: FrontDoor
    server: Server
    redis: Redis
    install: Install
    port: int
    write_key: str
    query_key: str

    def post(self, body: bytes, **headers: str) -> "aiohttp.client._RequestContextManager":
        """POST /v1/events with the write key, unless the headers say otherwise."""
        known = {"Authorization": f"Bearer {self.write_key}", "Content-Type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/events", data=body, headers={**known, **given})

    async def frames(self) -> list[dict[bytes, bytes]]:
        """Every entry of every shard."""
        return [fields for shard in self.install.shards for _, fields in await self.redis.xrange(shard.frames)]


@pytest.fixture
async def door(redis: Redis, redis_url: str) -> AsyncIterator[Door]:
    """A front door with the project `demo` and limits small enough to reach."""
    async with opened(redis, redis_url) as one:
        yield one


@contextlib.asynccontextmanager
async def opened(redis: Redis, redis_url: str, **other: Any) -> AsyncIterator[Door]:
    """The same with other settings."""
    limits = {"max_body_bytes": 200_000, "max_event_bytes": 20_000, "max_batch_events": 1000}
    settings = Settings(redis_url=redis_url, **{**limits, **other})
    made = await install(redis, settings.shards, settings.window_seconds, settings.durability)
    projects = Projects(redis)
    await projects.create("demo", ("site_abc123",))
    _, write_key = await projects.create_key("demo", Kind.WRITE)
    _, query_key = await projects.create_key("demo", Kind.QUERY)
    front_door = FrontDoor(settings)
    front_door.start()
    server = build_server(front_door)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        await until(lambda: _ready(client))
        yield Door(client, front_door, server, redis, made, port, write_key, query_key)
    await runner.cleanup()
    await front_door.stop()


async def _ready(client: aiohttp.ClientSession) -> bool:
    async with client.get("/readyz") as answer:
        return answer.status == 200
