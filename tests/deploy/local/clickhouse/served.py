"""A ClickHouse endpoint as its own process, for tests: started, asked, stopped, killed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
from aiohttp import ClientSession
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client

USER, PASSWORD = "headrace", "an open secret: ü"


@dataclass(frozen=True)
class Served:
    """A running endpoint and where it listens."""

    process: subprocess.Popen[str]
    port: int
    path: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def client(self, compress: bool | str = True) -> Client:
        """clickhouse-connect's own client, as it comes."""
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username=USER, password=PASSWORD, database="headrace", compress=compress
        )

    async def async_client(self) -> AsyncClient:
        """Its asynchronous twin."""
        return await clickhouse_connect.get_async_client(
            host="127.0.0.1", port=self.port, username=USER, password=PASSWORD, database="headrace"
        )

    def stop(self, within: float = 10) -> tuple[int, str]:
        """SIGTERM; the exit code and what it said on stderr, or TimeoutExpired after `within` seconds."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=within)
        return self.process.returncode, said

    def kill(self) -> None:
        """SIGKILL, whatever it was doing."""
        self.process.kill()
        self.process.communicate(timeout=10)


def launch(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    """Start the endpoint's program; `environ` replaces its account."""
    account = {"HEADRACE_CLICKHOUSE_USER": USER, "HEADRACE_CLICKHOUSE_PASSWORD": PASSWORD}
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local.clickhouse", *arguments],
        env={**os.environ, **account, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def serve(path: Path) -> Served:
    """Start an endpoint on a free port and wait until it says that it is ready."""
    process = launch("--path", str(path), "--port", "0")
    assert process.stdout is not None
    assert process.stderr is not None
    ready = process.stdout.readline()
    assert ready.startswith("ClickHouse "), process.stderr.read()
    return Served(process, int(ready.partition("http://127.0.0.1:")[2].partition(",")[0]), path)


@dataclass(frozen=True)
class Reply:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(
    http: ClientSession, query: str | bytes, headers: Mapping[str, str] | None = None, /, **fields: str
) -> Reply:
    """POST a query as the body, with URL fields."""
    body = query.encode() if isinstance(query, str) else query
    async with http.post("/", data=body, params=fields, headers=headers) as response:
        return Reply(response.status, response.headers, await response.read())
