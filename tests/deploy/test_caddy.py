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
from ingest_api.http.client_address import client_address
from ingest_api.settings import Settings
from queries.entry.browser import browser
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
#: of a proxy before Caddy
OUTER = "10.0.0.0/8"
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
            "client": client_address(request, Settings(trusted_proxies=f"127.0.0.0/8 {OUTER}")),
            "cookie": browser(request.scheme, request.headers, {}).cookie("t", 1),
        }
        return web.json_response(told, headers={"Server": "echo"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


@asynccontextmanager
async def caddy(home: Path, ingest: int, query: int, *, scheme: str = "https", proxies: str = "") -> AsyncIterator[str]:
    """Caddy on loopback, with a certificate of its own, behind proxies of these networks. Yields its URL."""
    port = free_port()
    url = f"{scheme}://localhost:{port}"
    env = {
        **os.environ,
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "HEADRACE_SITE": url,
        "HEADRACE_PROXIES": proxies,
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
        yield url
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


@asynccontextmanager
async def plain(home: Path, proxies: str) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client and the URL of a Caddy behind something else that ends TLS: the client itself, on loopback."""
    async with (
        TestServer(echo("front door"), host="127.0.0.1") as ingest,
        TestServer(echo("query service"), host="127.0.0.1") as query,
        caddy(home, ingest.port or 0, query.port or 0, scheme="http", proxies=proxies) as url,
        aiohttp.ClientSession() as client,
    ):
        await until_answered(client, url, home / "log")
        yield client, url


async def test_behind_two_proxies_both_services_know_the_client_and_that_it_spoke_tls(tmp_path: Path) -> None:
    outer = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto": "https"}
    async with plain(tmp_path, f"{OUTER} 127.0.0.0/8") as (client, url):
        for path in ("/v1/events", "/app/"):
            sent = await told(client, url + path, headers=outer)
            assert sent["client"] == "203.0.113.9", "the first was written by the client itself"
            assert sent["headers"]["Host"] == url.removeprefix("http://")
            assert "; Secure" in sent["cookie"]


async def test_a_proxy_that_was_not_named_is_the_client_and_ends_no_tls(tmp_path: Path) -> None:
    async with plain(tmp_path, OUTER) as (client, url):
        sent = await told(client, f"{url}/app/", headers={**FORGED, "X-Forwarded-Proto": "https"})
        assert sent["client"] == "127.0.0.1"
        assert "; Secure" not in sent["cookie"]


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
