"""The endpoint that the tests of this folder share, and clients of it."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import ClientSession, ClientTimeout, encode_basic_auth
from clickhouse_connect.driver.client import Client

from tests.deploy.local.clickhouse.served import PASSWORD, USER, Served, serve


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One endpoint for the whole run; it has to survive every test, and to find none worth a warning."""
    served = serve(tmp_path_factory.mktemp("clickhouse"))
    yield served
    assert served.stop() == (0, "")


@pytest.fixture(scope="session")
async def http(endpoint: Served) -> AsyncIterator[ClientSession]:
    """A plain HTTP client that knows the account and decodes nothing by itself."""
    headers = {"Authorization": encode_basic_auth(USER, PASSWORD), "Accept-Encoding": "identity"}
    timeout = ClientTimeout(total=20)
    async with ClientSession(endpoint.url, headers=headers, auto_decompress=False, timeout=timeout) as session:
        yield session


@pytest.fixture
def client(endpoint: Served) -> Iterator[Client]:
    """clickhouse-connect's synchronous client."""
    client = endpoint.client()
    yield client
    client.close()


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    """A table (id UInt64, name String) of this test alone, which remembers the tokens of inserts."""
    name = f"headrace.t_{uuid.uuid4().hex}"
    window = "non_replicated_deduplication_window = 100"
    client.command(f"CREATE TABLE {name} (id UInt64, name String) ENGINE = MergeTree ORDER BY id SETTINGS {window}")
    yield name
    client.command(f"DROP TABLE {name}")
