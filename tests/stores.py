"""Redis and ClickHouse for tests, as real processes: the ones of the local stack."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.local import ready
from deploy.local import stores as local
from deploy.local.home import Home, Secrets
from deploy.local.ports import free_port
from deploy.local.ready import Probe
from workers import migrate as migration

_READY_SECONDS = 30.0
REDIS_PASSWORD = "redis-of-the-tests"
SECRETS = Secrets(redis_password=REDIS_PASSWORD, clickhouse_password="clickhouse-of-the-tests")


@contextlib.contextmanager
def local_redis(folder: Path, port: int = 0) -> Iterator[str]:
    """A Valkey server as durable as in production, on this port or a free one. Yields its URL."""
    home, port = Home(folder), port or free_port()
    home.make()
    local.write_redis_conf(home, port, SECRETS, "512mb")
    url = local.redis_url(port, SECRETS)
    with process(local.redis_command(home), local.REDIS_ENV, folder / "redis.log") as server:
        until_ready(ready.redis(url), server, folder / "redis.log")
        yield url


@contextlib.contextmanager
def local_clickhouse(folder: Path) -> Iterator[str]:
    """The ClickHouse engine behind its HTTP protocol. Yields its URL."""
    home, port = Home(folder), free_port()
    home.make()
    probe = ready.clickhouse(local.clickhouse_base(port), local.CLICKHOUSE_USER, SECRETS.clickhouse_password)
    command = local.clickhouse_command(home, port)
    with process(command, local.clickhouse_env(SECRETS), folder / "clickhouse.log") as server:
        until_ready(probe, server, folder / "clickhouse.log")
        yield local.clickhouse_url(port, SECRETS)


def migrate(url: str) -> None:
    """Bring the database to the schema of this build."""
    client = migration.connect(url)
    migration.apply(client)
    client.close()


def until_ready(probe: Probe, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the probe finds nothing wrong. Raises with the log when the server ends or takes too long."""

    async def ask() -> str:
        return await probe(server.pid)

    deadline = time.monotonic() + _READY_SECONDS
    while problem := _in_a_thread(ask):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{problem}\n{log.read_text()}")
        time.sleep(0.05)


def _in_a_thread(ask: Callable[[], Coroutine[Any, Any, str]]) -> str:
    """Run it to its end, also where this thread has a running loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


@contextlib.contextmanager
def process(command: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as out:
        server = subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=out)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
