"""A query service that speaks PSQL, with events of two tenants, and how its clients reach it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from deploy.local.ports import free_port
from ingest_api.projects.keys import Kind
from ingest_api.stream import Install
from queries.psql.server import Server
from queries.service import QueryService
from queries.settings import Settings
from tests.queries.conftest import Tenant
from tests.queries.stored import event, store

#: when the events of the tenant happened
NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)


@dataclass(frozen=True)
class Psql:
    """Where a tenant connects to."""

    port: int
    tenant: Tenant
    server: Server = field(repr=False)

    @property
    def key(self) -> str:
        return self.tenant.keys[Kind.QUERY]

    @property
    def url(self) -> str:
        return f"postgresql://{self.tenant.id}:{self.key}@127.0.0.1:{self.port}/events"

    def sqlalchemy(self, driver: str = "psycopg") -> str:
        return self.url.replace("postgresql://", f"postgresql+{driver}://")

    async def connect(self, **more: Any) -> "psycopg.AsyncConnection[Any]":
        return await psycopg.AsyncConnection.connect(self.url, **{"autocommit": True, **more})


def fill(warehouse: Client, tenant: Tenant) -> None:
    """Three events: a sign-up and two views, one of them with properties of many types."""
    at = int(NOON.timestamp() * 1000)
    some = {"client_id": "c1", "url": "https://shop.example/a?b=1", "host": "shop.example", "path": "/a"}
    rich = '{"price":12.5,"count":3,"paid":true,"plan":"pro \\"x\\" é","tags":["a","b"],"at":{"depth":2}}'
    store(
        warehouse,
        event(tenant.id, name="signup", occurred_at=at, received_at=at, user_id="u1", **some),
        event(tenant.id, name="page_view", occurred_at=at + 1000, properties=rich, request_id="r1", **some),
        event(tenant.id, name="page_view", occurred_at=at + 2000, country="DE", **some),
    )


@asynccontextmanager
async def listening(redis_url: str, clickhouse_url: str, tenant: Tenant, **settings: Any) -> AsyncIterator[Psql]:
    """A service of its own with these settings."""
    wanted = Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, psql_port=free_port(), **settings)
    service = QueryService(wanted)
    server = Server(service, wanted)
    try:
        await server.start()
        yield Psql(server.port, tenant, server)
    finally:
        await server.close()
        await service.close()


@pytest.fixture
def asked(installed: Install, warehouse: Client, tenant: Tenant, stranger: Tenant) -> Tenant:
    """A tenant with events, beside a stranger who has one, too."""
    fill(warehouse, tenant)
    store(warehouse, event(stranger.id, name="secret", user_id="hidden"))
    return tenant


@pytest.fixture
async def psql(asked: Tenant, redis_url: str, clickhouse_url: str) -> AsyncIterator[Psql]:
    """The wire, with events of a tenant and of a stranger."""
    async with listening(redis_url, clickhouse_url, asked) as one:
        yield one
