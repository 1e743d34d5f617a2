"""Real parts for every test that asks: Redis, the ClickHouse engine, the whole stack. Each is started once, at need."""

import importlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from yarl import URL

from deploy.local.running import RunningStack, running
from ingest_api.stream import Redis
from tests import stores
from tests.faults.tcp_proxy import TcpProxy
from tests.topologies import Nodes, Primaries, emptied
from tests.topologies import running as at_work
from workers.clickhouse.address import address

#: started in the background a shell lets it ignore SIGINT, and so would every process that a test interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test go first, then those with many tests: with few left to begin, none of them is long."""
    slow = {one.path for one in items if one.get_closest_marker("slow")}
    tests = Counter(one.path for one in items)
    items.sort(key=lambda one: (one.path not in slow, -tests[one.path], one.path))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the tests' own: Valkey on this machine, or the official image with `make test-containers`."""
    make = _containers().redis if "HEADRACE_TEST_CONTAINERS" in os.environ else stores.local_redis
    with make(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The ClickHouse engine with the schema applied, or the official image with `make test-containers`."""
    make = _containers().clickhouse if "HEADRACE_TEST_CONTAINERS" in os.environ else stores.local_clickhouse
    with make(tmp_path_factory.mktemp("clickhouse")) as url:
        stores.migrate(url)
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client on an empty Redis, or on several."""
    async with emptied(redis_url) as client:
        yield client


@pytest.fixture
async def cable(redis_url: str) -> AsyncIterator[TcpProxy]:
    """A way to Redis that can be long, and cut."""
    proxy = TcpProxy(int(URL(redis_url).port or 0))
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def far_url(redis_url: str, cable: TcpProxy) -> str:
    """Redis at the end of the cable."""
    return str(URL(redis_url).with_port(cable.port))


@pytest.fixture(scope="session")
async def primaries(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Primaries]:
    """Two servers for shards."""
    async with at_work(Primaries(tmp_path_factory.mktemp("primaries"))) as servers:
        yield servers


@pytest.fixture(scope="session")
async def nodes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nodes]:
    """A cluster for shards."""
    async with at_work(Nodes(tmp_path_factory.mktemp("nodes"))) as servers:
        yield servers


@pytest.fixture
async def several(redis_url: str, primaries: Primaries) -> AsyncIterator[Any]:
    """A client of a control server and two with shards, all empty: redis-py 5 types answers as "awaitable or not"."""
    async with emptied(f"{redis_url} {primaries.url}") as client:
        yield client


@pytest.fixture
async def warehouse(clickhouse_url: str) -> AsyncIterator[AsyncClient]:
    """A client on empty tables."""
    client = await clickhouse_connect.get_async_client(**address(clickhouse_url), autogenerate_session_id=False)
    for table in ("events", "rejected_events"):
        await client.command(f"TRUNCATE TABLE {table}")
    yield client
    await client.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole local stack in a folder of its own, on free ports."""
    home: Path = tmp_path_factory.mktemp("stack")
    with running(home) as running_stack:
        yield running_stack


def _containers() -> Any:
    return importlib.import_module("tests.containers")  # looks for a Docker engine when it is imported
