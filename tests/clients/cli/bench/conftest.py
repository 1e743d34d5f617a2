"""A running installation to offer events to, and the keys that it takes."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients.cli.service import Service
from clients.cli.settings import Settings
from deploy.local.running import RunningStack
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect


@pytest.fixture
async def service(stack: RunningStack) -> AsyncIterator[Service]:
    """Opened by an admin key, and by the write key of a project that nobody else has."""
    await stack.until_healthy()
    redis = connect(stack.env["HEADRACE_REDIS_URL"])
    projects, name = Projects(redis), f"climb-{secrets.token_hex(4)}"
    await projects.create(name)
    _, write = await projects.create_key(name, Kind.WRITE)
    _, admin = await projects.create_key("", Kind.ADMIN)
    await redis.aclose()
    urls: dict[str, Any] = {name: stack.env[f"HEADRACE_{name.upper()}"] for name in ("ingest_url", "query_url")}
    async with Service(Settings(_env_file=None, **urls, write_key=write, admin_key=admin)) as one:
        yield one
