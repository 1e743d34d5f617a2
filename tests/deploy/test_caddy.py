"""Caddy, as it is configured for production, routes as the local origin does and believes no header of a client's."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.local.origin import Services
from deploy.local.ports import free_port
from tests.deploy.secrets import DEPLOY

CADDY = shutil.which("caddy")
pytestmark = pytest.mark.skipif(CADDY is None, reason="caddy is not installed (Debian: caddy)")

FILE = DEPLOY / "caddy/Caddyfile"
PATHS = [
    "/",
    "/api/v1/stats",
    "/api",
    "/apix",
    "/app/",
    "/app/events",
    "/dash",
    "/openapi.json",
    "/reference",
    "/v1/events",
    "/v1/events/",
    "/v1/events/evt_1",
    "/collect",
    "/push/hardal",
    "/tracker.js",
    "/healthz",
    "/API/v1/stats",
    "/xapi/",
    "/%61pi/v1/stats",
]
FORGED = {
    "X-Forwarded-For": "192.0.2.66",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil",
    "X-Real-IP": "1.2.3.4",
}


def echo(name: str) -> web.Application:
    """A service that says who it is and what it was sent."""

    async def answer(request: web.Request) -> web.Response:
        told = {
            "service": name,
            "path": request.raw_path,
            "headers": dict(request.headers),
            "body": await request.text(),
        }
        return web.json_response(told, headers={"Server": "echo"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


@asynccontextmanager
async def caddy(home: Path, ingest: int, query: int) -> AsyncIterator[str]:
    """Caddy on loopback, with a certificate of its own. Yields its URL."""
    port = free_port()
    env = {
        **os.environ,
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "HEADRACE_SITE": f"https://localhost:{port}",
        "HEADRACE_CADDY_ADMIN": "off",
        "HEADRACE_CADDY_OPTIONS": "auto_https disable_redirects\n\tdefault_bind 127.0.0.1",
        "HEADRACE_INGEST_NAME": "127.0.0.1",
        "HEADRACE_INGEST_PORT": str(ingest),
        "HEADRACE_QUERY_NAME": "127.0.0.1",
        "HEADRACE_QUERY_PORT": str(query),
    }
    command = [str(CADDY), "run", "--config", str(FILE), "--adapter", "caddyfile"]
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)
    try:
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        await process.wait()


async def until_answered(client: aiohttp.ClientSession, url: str, log: Path) -> None:
    """Wait until it takes connections, for 20 seconds at most."""
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    async with client.get(url):
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(await asyncio.to_thread(log.read_text))


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client and the URL of Caddy in front of two services that echo."""
    async with (
        TestServer(echo("front door"), host="127.0.0.1") as ingest,
        TestServer(echo("query service"), host="127.0.0.1") as query,
        caddy(tmp_path, ingest.port or 0, query.port or 0) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as client,
    ):
        await until_answered(client, url, tmp_path / "log")
        yield client, url


async def told(client: aiohttp.ClientSession, url: str, **more: Any) -> dict[str, Any]:
    async with client.request(more.pop("method", "GET"), url, **more) as answer:
        assert answer.status == 200
        found: dict[str, Any] = json.loads(await answer.read())
        return found


async def test_each_path_goes_where_the_local_origin_sends_it(origin: tuple[aiohttp.ClientSession, str]) -> None:
    client, url = origin
    services = Services("", "")
    found = {path: (await told(client, url + path))["service"] for path in PATHS}
    wanted = {path: services.of(path.replace("%61", "a"))[0] for path in PATHS}
    assert found == wanted
    assert set(found.values()) == {"front door", "query service"}


async def test_what_a_client_forges_is_replaced_and_what_it_sends_passes(
    origin: tuple[aiohttp.ClientSession, str],
) -> None:
    client, url = origin
    sent = await told(client, f"{url}/v1/events?ack=stored", method="POST", data=b"x" * 100_000, headers=FORGED)
    headers = {name.title(): value for name, value in sent["headers"].items()}
    assert (headers["X-Forwarded-For"], headers["X-Forwarded-Proto"]) == ("127.0.0.1", "https")
    assert headers["X-Forwarded-Host"] == headers["Host"] == url.removeprefix("https://")
    assert "X-Real-Ip" not in headers
    assert (sent["path"], len(sent["body"])) == ("/v1/events?ack=stored", 100_000)


async def test_browsers_are_told_to_stay_with_tls_and_nobody_what_serves(
    origin: tuple[aiohttp.ClientSession, str],
) -> None:
    client, url = origin
    async with client.get(url) as answer:
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert "Server" not in answer.headers


async def test_a_service_that_is_away_is_told_with_when_to_come_again(tmp_path: Path) -> None:
    async with (
        caddy(tmp_path, free_port(), free_port()) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as client,
    ):
        await until_answered(client, url, tmp_path / "log")
        async with client.get(f"{url}/api/v1/stats") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (502, "1")
            assert "Send this again" in (await answer.json())["message"]
