"""The origin: who answers which path, and that nothing is changed on the way."""

import asyncio
import gzip
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from deploy.local import origin
from deploy.local.ports import HOST, free_port

_PACKED = gzip.compress(b'{"event_type": "page_view"}' * 1000, mtime=0)


@dataclass(frozen=True)
class Seen:
    """One request as a service got it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class World:
    """The origin and what the two services behind it saw."""

    url: str
    ingest: list[Seen]
    query: list[Seen]


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """The base URL of the app, bodies untouched."""
    runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=1.0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port).start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()


def service(name: str, seen: list[Seen]) -> web.Application:
    """Writes down what it gets and answers its name; some paths answer in a special way."""
    app = web.Application(client_max_size=2**30)

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen.append(Seen(request.method, request.raw_path, list(request.headers.items()), body))
        if request.path == "/packed":
            return web.Response(body=_PACKED, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"})
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": "/elsewhere", "Set-Cookie": "a=1", "X-Y": "z"})
        if request.path == "/empty":
            return web.Response(status=204)
        if request.path == "/hop":
            return web.Response(text="", headers={"Connection": "X-Private", "X-Private": "1", "X-Public": "2"})
        return web.Response(text=name)

    async def torn(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half of it")
        assert request.transport
        request.transport.abort()
        return response

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await request.content.read()  # the second half comes only when the client has sent its own
        await response.write(b"second")
        return response

    app.router.add_get("/torn", torn)
    app.router.add_post("/drip", drip)
    app.router.add_route("*", "/{path:.*}", answer)
    return app


@pytest.fixture
async def world() -> AsyncIterator[World]:
    ingest, query = list[Seen](), list[Seen]()
    async with (
        served(service("ingest", ingest)) as ingest_url,
        served(service("query", query)) as query_url,
        served(origin.build(ingest_url, query_url)) as url,
    ):
        yield World(url, ingest, query)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "query"),
        ("/?a=b", "query"),
        ("/api/v1/stats", "query"),
        ("/app", "query"),
        ("/app/overview", "query"),
        ("/app/assets/main-a1.js", "query"),
        ("/dash", "query"),
        ("/dashboard/live", "query"),
        ("/v1/events", "ingest"),
        ("/v1/events/", "ingest"),
        ("/v1/events/evt_1", "query"),
        ("/collect/batch", "ingest"),
        ("/push/hardal", "ingest"),
        ("/tracker.js", "ingest"),
        ("/healthz", "ingest"),
        ("/readyz", "ingest"),
        ("/v1/api", "ingest"),
    ],
)
async def test_each_path_has_its_service(world: World, client: aiohttp.ClientSession, path: str, name: str) -> None:
    async with client.get(world.url + path) as answer:
        assert await answer.text() == name


async def test_a_packed_request_body_arrives_byte_for_byte(world: World, client: aiohttp.ClientSession) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with client.post(f"{world.url}/v1/events", data=_PACKED, headers=headers) as answer:
        assert answer.status == 200
    got = world.ingest[0]
    assert got.body == _PACKED
    assert dict(got.headers)["Content-Encoding"] == "gzip"
    assert dict(got.headers)["Content-Length"] == str(len(_PACKED))


@pytest.mark.parametrize("encoding", ["br", "zstd", "nonsense"])
async def test_an_encoding_that_the_origin_does_not_know_passes_through(
    world: World, client: aiohttp.ClientSession, encoding: str
) -> None:
    async with client.post(f"{world.url}/v1/events", data=b"\x00\xff", headers={"Content-Encoding": encoding}):
        pass
    assert world.ingest[0].body == b"\x00\xff"
    assert dict(world.ingest[0].headers)["Content-Encoding"] == encoding


async def test_a_packed_answer_arrives_byte_for_byte(world: World, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{world.url}/packed") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] == str(len(_PACKED))
        assert await answer.read() == _PACKED


async def test_a_body_without_a_length_streams_through_both_ways(world: World, client: aiohttp.ClientSession) -> None:
    got_first = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"mine"
        await got_first.wait()  # the answer must begin before the request has ended
        yield b"rest"

    async with asyncio.timeout(10), client.post(f"{world.url}/drip", data=body()) as answer:
        assert await answer.content.readany() == b"first"
        got_first.set()
        assert await answer.read() == b"second"


async def test_a_large_body_passes_whole(world: World, client: aiohttp.ClientSession) -> None:
    large = bytes(range(256)) * 64 * 1024
    async with client.post(f"{world.url}/v1/events", data=io.BytesIO(large)) as answer:
        assert answer.status == 200
    assert world.ingest[0].body == large


async def test_the_target_is_not_rewritten(world: World, client: aiohttp.ClientSession) -> None:
    reader, writer = await asyncio.open_connection(HOST, int(world.url.rpartition(":")[2]))
    writer.write(b"GET /v1/a%2Fb//c?q=%7e+x&q HTTP/1.1\r\nHost: shop-signal.example\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    assert world.ingest[0].target == "/v1/a%2Fb//c?q=%7e+x&q"


async def test_the_service_learns_who_asked_and_for_which_host(world: World, client: aiohttp.ClientSession) -> None:
    headers = {"Host": "shop-signal.example", "X-Forwarded-For": "203.0.113.9"}
    async with client.get(f"{world.url}/healthz", headers=headers):
        pass
    got = dict(world.ingest[0].headers)
    assert got["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"
    assert got["X-Forwarded-Proto"] == "http"
    assert got["X-Forwarded-Host"] == "shop-signal.example"
    assert got["Host"] == "shop-signal.example"


async def test_headers_of_one_connection_are_dropped_and_none_is_added(world: World) -> None:
    reader, writer = await asyncio.open_connection(HOST, int(world.url.rpartition(":")[2]))
    request = [
        "GET /healthz HTTP/1.1",
        "Host: x",
        "Connection: close, X-Private",
        "X-Private: 1",
        "Keep-Alive: 5",
        "TE: trailers",
        "Proxy-Authorization: Basic x",
        "X-Public: 2",
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-For: 203.0.113.10",
        "",
        "",
    ]
    writer.write("\r\n".join(request).encode())
    await reader.read()
    writer.close()
    await writer.wait_closed()
    assert dict(world.ingest[0].headers)["X-Forwarded-For"] == "203.0.113.9, 203.0.113.10, 127.0.0.1"
    names = {name for name, _ in world.ingest[0].headers}
    assert names == {"Host", "X-Public", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}


async def test_the_answers_own_headers_arrive_and_those_of_its_connection_do_not(
    world: World, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{world.url}/hop") as answer:
        assert answer.headers["X-Public"] == "2"
        assert "X-Private" not in answer.headers


async def test_a_redirect_is_the_clients_business(world: World, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{world.url}/moved", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
        assert answer.headers["Set-Cookie"] == "a=1"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
async def test_every_method_passes(world: World, client: aiohttp.ClientSession, method: str) -> None:
    async with client.request(method, f"{world.url}/v1/events") as answer:
        assert answer.status == 200
        assert await answer.text() == ("" if method == "HEAD" else "ingest")
    assert world.ingest[0].method == method


async def test_a_head_answer_keeps_the_length_of_the_body_it_stands_for(
    world: World, client: aiohttp.ClientSession
) -> None:
    async with client.head(f"{world.url}/packed") as answer:
        assert answer.headers["Content-Length"] == str(len(_PACKED))


async def test_an_answer_without_a_body_ends(world: World, client: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(10), client.get(f"{world.url}/empty") as answer:
        assert (answer.status, await answer.read()) == (204, b"")


async def test_a_client_that_waits_for_100_continue_gets_it(world: World) -> None:
    reader, writer = await asyncio.open_connection(HOST, int(world.url.rpartition(":")[2]))
    head = (
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"{}")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    assert world.ingest[0].body == b"{}"
    assert "Expect" not in dict(world.ingest[0].headers)


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(
    world: World, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{world.url}/torn") as answer:
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_a_service_that_is_away_is_a_502_that_says_which_and_what_to_do(client: aiohttp.ClientSession) -> None:
    with socket.socket() as reserved:  # bound and not listening: nobody answers here, and nobody can begin to
        reserved.bind((HOST, 0))
        away = f"http://{HOST}:{reserved.getsockname()[1]}"
        async with served(origin.build(away, away)) as url:
            async with client.post(f"{url}/v1/events", json={}) as answer:
                assert answer.status == 502
                assert answer.headers["Retry-After"] == "1"
                said = (await answer.json())["message"]
            async with client.get(f"{url}/api/v1/stats") as answer:
                assert (await answer.json())["message"].startswith(f"The query service at {away} does not answer")
    assert said.startswith(f"The front door at {away} does not answer")
    assert "make status" in said
