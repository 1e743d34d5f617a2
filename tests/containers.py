"""Redis and ClickHouse for tests, as the official server images, where a Docker engine answers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from testcontainers.community.clickhouse import ClickHouseContainer
from testcontainers.community.redis import RedisContainer


@contextlib.contextmanager
def redis(_folder: Path) -> Iterator[str]:
    """The official Redis image, with the append-only file on."""
    with RedisContainer("redis:7.4").with_command("redis-server --appendonly yes --appendfsync always") as container:
        yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"


@contextlib.contextmanager
def clickhouse(_folder: Path) -> Iterator[str]:
    """The official ClickHouse image."""
    with ClickHouseContainer("clickhouse/clickhouse-server:25.8", dbname="headrace") as container:
        host, port = container.get_container_host_ip(), container.get_exposed_port(8123)
        yield f"http://{container.username}:{container.password}@{host}:{port}/?database=headrace"
