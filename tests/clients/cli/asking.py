"""A project with events, a query service that answers, and the command that may ask it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis, install
from queries.settings import Settings
from tests.clients.cli.conftest import Headrace
from tests.queries.conftest import serve
from tests.queries.stored import event, store
from workers import migrate

#: a day, and how long ago what is stored arrived: long enough for all of it to be visible
DAY_START, AGO = 1_795_046_400_000, 60_000


@dataclass(frozen=True)
class Shop:
    """The project."""

    headrace: Headrace
    redis: Redis
    warehouse: Client
    id: str

    def put(self, count: int, every_ms: int, **columns: Any) -> None:
        """Events from the beginning of the day on."""
        columns = {"_stream_ms": moment.now_ms() - AGO, **columns}
        store(
            self.warehouse,
            *(event(self.id, **{"occurred_at": DAY_START + n * every_ms, **columns}) for n in range(count)),
        )


@asynccontextmanager
async def asking(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Shop]:
    """The drain is up to date."""
    await install(redis, 1, 3600)
    name, projects = f"p{uuid.uuid4().hex[:10]}", Projects(redis)
    await projects.create(name)
    _, query = await projects.create_key(name, Kind.QUERY)
    _, admin = await projects.create_key("", Kind.ADMIN)
    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as service:
        headrace.env = {
            "HEADRACE_QUERY_URL": service._url,
            "HEADRACE_QUERY_KEY": query,
            "HEADRACE_ADMIN_KEY": admin,
        }
        with migrate.connect(clickhouse_url) as warehouse:
            yield Shop(headrace, redis, warehouse, name)
