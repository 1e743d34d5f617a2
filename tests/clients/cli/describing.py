"""A query service with a project, and the keys that describe its events: for the commands that set and show schemas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis, install
from queries.settings import Settings
from tests.queries.conftest import serve


@dataclass
class Describing:
    """Who asks, and where."""

    redis: Redis
    project: str
    env: dict[str, str]


@asynccontextmanager
async def describing(redis: Redis, redis_url: str, clickhouse_url: str, project: str) -> AsyncIterator[Describing]:
    """A project without events."""
    await install(redis, 2, 3600)
    projects = Projects(redis)
    await projects.create(project)
    _, admin = await projects.create_key("", Kind.ADMIN)
    _, query = await projects.create_key(project, Kind.QUERY)
    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as service:
        env = {"HEADRACE_URL": service._url, "HEADRACE_ADMIN_KEY": admin, "HEADRACE_QUERY_KEY": query}
        yield Describing(redis, project, env)
