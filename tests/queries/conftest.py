"""The query service on real parts: an installation in Redis, the ClickHouse engine, two tenants."""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project, Projects
from ingest_api.stream import Install, Redis, install
from queries.app import build_runner
from queries.settings import Settings
from workers import migrate

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Tenant:
    """A project with a site and a key of each kind that a project has."""

    project: Project
    keys: Mapping[Kind, str]

    @property
    def id(self) -> str:
        return self.project.id

    @property
    def site(self) -> str:
        return self.project.site_ids[0]

    def bearer(self, kind: Kind) -> str:
        return f"Bearer {self.keys[kind]}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    raw: bytes
    headers: Mapping[str, str] = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.raw)
        return found

    @property
    def value(self) -> Any:
        return self.body["data"]["value"]

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.body["data"]["events"]
        return found


class Service:
    """A query service that listens, and somebody who asks it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def ask(
        self,
        path: str,
        authorization: str = "",
        params: Params | None = None,
        method: str = "GET",
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a question."""
        sent = {"Authorization": authorization} if authorization else {}
        if data is not None:
            sent["Content-Type"] = "application/json"
        request = self._session.request(
            method, self._url + path, params=params, data=data, headers={**sent, **(headers or {})}
        )
        async with request as response:
            return Answer(response.status, await response.read(), response.headers)

    async def stats(self, tenant: Tenant, params: Params | None = None) -> Answer:
        return await self.ask("/api/v1/stats", tenant.bearer(Kind.QUERY), params)

    async def events(self, tenant: Tenant, params: Params | None = None) -> Answer:
        return await self.ask("/api/v1/events", tenant.bearer(Kind.QUERY), params)


class Console:
    """Somebody with an admin key."""

    def __init__(self, service: Service, token: str) -> None:
        self.service = service
        self._authorization = f"Bearer {token}"

    async def __call__(self, method: str, path: str, order: object = None) -> Answer:
        """Send an order below /api/v1/projects."""
        data = None if order is None else orjson.dumps(order)
        return await self.service.ask(f"/api/v1/projects{path}", self._authorization, method=method, data=data)

    async def done(self, method: str, path: str, order: object = None) -> Any:
        """The data of an answer that must be good."""
        answer = await self(method, path, order)
        assert answer.status in {200, 201}, answer.raw
        assert answer.body["success"] is True
        return answer.body["data"]


@pytest.fixture(scope="session")
def warehouse(clickhouse_url: str) -> Iterator[Client]:
    """A client on the warehouse. Rows stay for the session: each test has tenants of its own."""
    with migrate.connect(clickhouse_url) as client:
        yield client


@pytest.fixture
async def installed(redis: Redis) -> Install:
    """An installation of two shards."""
    return await install(redis, 2, 86_400)


async def _tenant(redis: Redis) -> Tenant:
    projects, name = Projects(redis), f"p{secrets.token_hex(6)}"
    project = await projects.create(name, (f"site-{name}",))
    kinds = (Kind.QUERY, Kind.WRITE, Kind.DELETE)
    return Tenant(project, {kind: (await projects.create_key(name, kind))[1] for kind in kinds})


@pytest.fixture
async def tenant(redis: Redis) -> Tenant:
    """Somebody who asks."""
    return await _tenant(redis)


@pytest.fixture
async def stranger(redis: Redis) -> Tenant:
    """Somebody else on the same installation."""
    return await _tenant(redis)


@asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[Service]:
    """A service that listens until the context ends."""
    runner = build_runner(settings)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as session:
            yield Service(f"http://127.0.0.1:{port}", session)
    finally:
        await runner.cleanup()


@pytest.fixture
async def service(installed: Install, redis_url: str, clickhouse_url: str) -> AsyncIterator[Service]:
    """The service with everything it needs."""
    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as one:
        yield one


@pytest.fixture
async def console(service: Service, redis: Redis) -> Console:
    """The management API, opened."""
    _, token = await Projects(redis).create_key("", Kind.ADMIN)
    return Console(service, token)


@pytest.fixture
def place(installed: Install, redis_url: str, clickhouse_url: str) -> dict[str, str]:
    """Where an installation is, for services with settings of their own."""
    return {"redis_url": redis_url, "clickhouse_url": clickhouse_url}
