"""Connections that are slow, too many, or speak something else than HTTP/1.1; read byte by byte."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import web

from ingest_api.http.connection import Connection, Server
from ingest_api.settings import Settings
from ingest_api.stream import Redis
from tests.ingest_api.conftest import Door, opened
from tests.ingest_api.desync import CASES
from tests.ingest_api.wire import EVENT, Said, answers, event, post, talk
from tests.listening import listening
from tests.waiting import until

pytestmark = pytest.mark.stack

SOON = 0.4


@pytest.fixture
async def strict(redis: Redis, redis_url: str) -> AsyncIterator[Door]:
    """A front door that waits for nobody."""
    async with opened(redis, redis_url, header_timeout_seconds=SOON, body_timeout_seconds=SOON) as door:
        yield door


async def only(port: int, *pieces: bytes) -> Said:
    """The one answer before the server hangs up."""
    (said,) = answers(await talk(port, *pieces))
    return said


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def served(door: Door) -> bool:
    """Whether a well-behaved client is served."""
    async with door.post(EVENT) as answer:
        return answer.status == 200


@pytest.mark.parametrize("name", CASES)
async def test_what_is_no_http_is_refused_and_nothing_is_smuggled_behind_it(door: Door, name: str) -> None:
    raw = CASES[name].replace(b"KEY", door.write_key.encode())
    head, end, rest = raw.partition(b"\r\n\r\n")
    for pieces in ((raw,), (head + end, rest), (raw[:40], raw[40:])):
        said = await only(door.port, *pieces)
        assert 400 <= said.status < 500
        assert said.headers["connection"] == "close"
        assert said.headers["content-type"].startswith("application/json")
        assert len(said.headers["x-request-id"]) >= 20
        assert said.json()["status"] == "error"
    assert await door.frames() == []


async def test_the_request_that_follows_in_those_cases_would_be_taken(door: Door) -> None:
    (said,) = answers(await talk(door.port, event(door.write_key, b"Connection: close")))
    assert said.status == 200
    assert len(await door.frames()) == 1


@pytest.mark.parametrize(
    ("name", "status"),
    [("a request line that is too long", 414), ("a header that is too long", 431), ("too many headers", 431),
     ("a length beyond 64 bits", 413), ("HTTP/0.9", 400)],
)  # fmt: skip
async def test_what_is_too_long_is_named(door: Door, name: str, status: int) -> None:
    said = await only(door.port, CASES[name].replace(b"KEY", door.write_key.encode()))
    assert said.status == status


async def test_no_answer_repeats_what_was_sent(door: Door) -> None:
    for raw in (b"GET /%s HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", b"%s\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n", b"GET /%s HTTP/1.0\r\n\r\n",
                b"%s / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):  # fmt: skip
        assert b"<marker>" not in await talk(door.port, raw % b"<marker>")


async def test_an_absolute_target_is_taken_for_its_path(door: Door) -> None:
    line = b"POST http://elsewhere/v1/events HTTP/1.1"
    raw = post(b"Content-Length: %d" % len(EVENT), b"Connection: close", line=line, body=EVENT, key=door.write_key)
    assert (await only(door.port, raw)).status == 200


async def test_a_good_request_before_nonsense_is_answered_and_the_connection_closed(door: Door) -> None:
    said = answers(await talk(door.port, event(door.write_key), b"nonsense\r\n\r\n"))
    assert [one.status for one in said] == [200, 400]


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on(door: Door) -> None:
    length, expect = b"Content-Length: %d" % len(EVENT), b"Expect: 100-continue"
    async with connected(door.port) as (reader, writer):
        writer.write(post(length, expect, b"Connection: close", key=door.write_key))
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(EVENT)
        assert answers(await asyncio.wait_for(reader.read(), 5))[0].status == 200
    said = await only(door.port, post(length, expect, key="wrong"))
    assert (said.status, said.headers["connection"]) == (401, "close")


async def test_a_bad_key_is_refused_before_its_body_is_read(door: Door) -> None:
    said = await only(door.port, post(b"Content-Length: 298000", key="wrong", body=b"\x1f\x8b" * 500))
    assert (said.status, said.headers["connection"]) == (401, "close")


async def test_slow_headers_get_a_408_and_hurt_nobody(strict: Door) -> None:
    async with connected(strict.port) as (reader, writer):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\n")
        asked = asyncio.ensure_future(reader.read())
        while not asked.done():
            with contextlib.suppress(ConnectionError):
                writer.write(b"X: y\r\n")
            assert await served(strict)
            await asyncio.sleep(0.05)
        (said,) = answers(asked.result())
    assert (said.status, said.json()["error"]) == (408, "slow_headers")
    assert said.headers["connection"] == "close"


async def test_slow_headers_of_a_second_request_get_a_408_too(strict: Door) -> None:
    first, second = answers(await talk(strict.port, event(strict.write_key), b"POST /v1/ev"))
    assert (first.status, second.status) == (200, 408)


async def test_a_connection_that_waits_between_requests_is_not_slow(strict: Door) -> None:
    async with connected(strict.port) as (reader, writer), connected(strict.port) as (other, _):
        writer.write(event(strict.write_key)[:30])
        await asyncio.sleep(0.02)
        writer.write(event(strict.write_key)[30:])
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait_for(other.read(), 5)  # by now this one, which said nothing, was closed
        await asyncio.sleep(0.1)
        writer.write(event(strict.write_key, b"Connection: close"))
        assert b"HTTP/1.1 200" in await asyncio.wait_for(reader.read(), 5)


async def test_a_silent_connection_is_closed_without_a_word(strict: Door) -> None:
    assert await talk(strict.port) == b""


async def test_a_slow_body_gets_a_408_and_hurts_nobody(strict: Door) -> None:
    async with connected(strict.port) as (reader, writer):
        writer.write(post(b"Content-Length: 1000", key=strict.write_key))
        asked = asyncio.ensure_future(reader.read())
        while not asked.done():
            with contextlib.suppress(ConnectionError):
                writer.write(b" ")
            assert await served(strict)
            await asyncio.sleep(0.05)
        (said,) = answers(asked.result())
    assert (said.status, said.json()["error"]) == (408, "slow_body")


async def test_a_client_that_reads_no_answers_is_cut_off(strict: Door) -> None:
    flood = post(b"Content-Length: 2", body=b"{}") * 2000
    async with connected(strict.port) as (_, writer):  # its reader takes 128 KB, and then no more

        async def cut_off() -> bool:
            if not writer.transport.is_closing() and writer.transport.get_write_buffer_size() < len(flood):
                writer.write(flood)
            return writer.transport.is_closing()

        await until(cut_off)
    assert await served(strict)


async def test_an_idle_connection_is_closed_after_its_time(redis: Redis, redis_url: str) -> None:
    async with opened(redis, redis_url, keepalive_seconds=SOON) as door:
        (said,) = answers(await talk(door.port, event(door.write_key)))
        assert (said.status, "connection" in said.headers) == (200, False)


async def test_more_connections_than_the_cap_are_told_to_come_again(redis: Redis, redis_url: str) -> None:
    async with opened(redis, redis_url, max_connections=5) as door, contextlib.AsyncExitStack() as held:
        assert await served(door)  # the client keeps its connection
        for _ in range(4):
            await held.enter_async_context(connected(door.port))
        said = await only(door.port, event(door.write_key))
        assert (said.status, said.headers["retry-after"], said.headers["connection"]) == (503, "1", "close")
        assert said.json()["error"] == "too_many_connections"
        assert await served(door)
        await held.aclose()

        async def room() -> bool:
            return answers(await talk(door.port, event(door.write_key, b"Connection: close")))[0].status == 200

        await until(room)


async def test_a_handler_that_fails_is_a_500_and_its_error_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_request: web.BaseRequest) -> web.StreamResponse:
        raise ValueError("what the client said")

    async with listening(web.ServerRunner(Server(fail, Settings()))) as address:
        said = await only(address.port or 0, event())
    assert (said.status, said.json()["error"], said.headers["connection"]) == (500, "internal", "close")
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    logged = vars(record)
    assert (logged["error"], "in fail" in logged["stack"]) == ("ValueError", True)
    assert "what the client said" not in repr(logged).replace('raise ValueError("what the client said")', "")


@pytest.mark.parametrize("head", [b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n"
                                  b"Connection: Upgrade\r\nUpgrade: websocket\r\n"])  # fmt: skip
async def test_no_connection_becomes_another_protocol(door: Door, head: bytes) -> None:
    first, *_ = answers(await talk(door.port, head + b"\r\n", event(door.write_key), b"nonsense\r\n\r\n"))
    assert first.status == 404
    assert first.json()["error"] == "not_found"


def test_without_the_parser_in_c_the_process_does_not_start() -> None:
    env = {**os.environ, "AIOHTTP_NO_EXTENSIONS": "1"}
    command = [sys.executable, "-m", "ingest_api"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, '"level":"CRITICAL"' in done.stderr) == (1, True)


async def test_a_body_that_still_arrives_when_the_process_is_told_to_stop_is_taken_whole(door: Door) -> None:
    whole = event(door.write_key)
    async with connected(door.port) as (reader, writer), connected(door.port) as (idle, _):
        writer.write(whole[:-20])
        server = door.server
        await until(lambda: _under_way(server))
        stopping = asyncio.get_running_loop().create_task(server.finish(10))
        assert await asyncio.wait_for(idle.read(), 5) == b""
        writer.write(whole[-20:])
        (said,) = answers(await asyncio.wait_for(reader.read(), 5))
        assert said.status == 200
        await stopping


async def test_a_body_that_never_ends_holds_a_stopping_process_up_no_longer_than_told(door: Door) -> None:
    async with connected(door.port) as (_, writer):
        writer.write(event(door.write_key)[:-20])
        await until(lambda: _under_way(door.server))
        await door.server.finish(0.1)
        assert await _under_way(door.server)


async def _under_way(server: Server) -> bool:
    return any(not cast("Connection", one).idle for one in server.connections)


async def test_a_batch_waits_for_company_unless_its_client_came_back_at_once(door: Door) -> None:
    batch = b"[%s,%s]" % (EVENT, EVENT)

    async def sent(body: bytes) -> int:
        async with door.post(body) as answer:
            return answer.status

    async def hurried() -> bool:
        await sent(batch)
        return any(cast("Connection", one).hurried for one in door.server.connections)

    await until(hurried)  # at the first time, unless this machine stood still
    await asyncio.sleep(0.06)
    assert not any(cast("Connection", one).hurried for one in door.server.connections)
    for sluice in door.front_door.appender.sluices:
        sluice.patience = 60
    waiting = asyncio.ensure_future(sent(batch))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done, "a write began less than a minute ago"
    assert await sent(EVENT) == 200, "a single event waits for nobody"
    assert await waiting == 200
