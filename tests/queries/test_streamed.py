"""Streamed answers, and what becomes of a question whose client goes: read ones end, others go on to their end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from queries.errors import Refused
from queries.handler import answering
from queries.route import Call, Route
from queries.streamed import Streamed
from tests.listening import listening

Run = Any


@asynccontextmanager
async def serving(route: Route) -> AsyncIterator[str]:
    """One route on a server of its own, with what the query service's runner has."""
    app = web.Application()
    service: Any = None  # an open route asks it for nothing
    app.router.add_route(route.method, "/", answering(service, route))
    async with listening(web.AppRunner(app, handler_cancellation=True)) as address:
        yield f"{address}/"


def route(run: Run, method: str = "GET") -> Route:
    return Route(method, "/", run, Streamed, "Of the test")


async def test_chunks_arrive_as_they_are_made() -> None:
    go_on = asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"a,b\n"
        await go_on.wait()
        yield b"1,2\n"

    async def run(_service: object, _call: Call) -> Streamed:
        return Streamed("text/csv", chunks(), "rows.csv")

    async with serving(route(run)) as url, aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.headers["Content-Type"] == "text/csv"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="rows.csv"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.content.readline() == b"a,b\n"
        go_on.set()
        assert await answer.content.read() == b"1,2\n"


async def test_what_fails_before_the_first_chunk_is_an_ordinary_error() -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        raise Refused(422, "Too much.")
        yield b""

    async def run(_service: object, _call: Call) -> Streamed:
        return Streamed("text/csv", chunks())

    async with serving(route(run)) as url, aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 422
        assert await answer.json() == {"success": False, "error": "Too much.", "status": 422}


async def test_what_fails_in_the_middle_never_looks_whole() -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"half"
        raise RuntimeError("in the middle")

    async def run(_service: object, _call: Call) -> Streamed:
        return Streamed("text/csv", chunks())

    async with serving(route(run)) as url, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url) as answer:
                await answer.read()


async def test_the_source_of_chunks_is_closed_when_the_client_goes() -> None:
    closed = asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            closed.set()

    async def run(_service: object, _call: Call) -> Streamed:
        return Streamed("text/plain", chunks())

    async with serving(route(run)) as url, aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            await answer.content.readexactly(1000)
            answer.close()
        await asyncio.wait_for(closed.wait(), 10)


@pytest.mark.parametrize(("method", "ended"), [("GET", "cancelled"), ("POST", "done")])
async def test_a_question_ends_with_its_client_and_a_change_does_not(method: str, ended: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    came: asyncio.Queue[str] = asyncio.Queue()

    async def run(_service: object, _call: Call) -> dict[str, str]:
        begun.set()
        try:
            await go_on.wait()
            came.put_nowait("done")
        except asyncio.CancelledError:
            came.put_nowait("cancelled")
            raise
        return {}

    async with serving(route(run, method)) as url, aiohttp.ClientSession() as session:
        asking = asyncio.ensure_future(session.request(method, url, headers={"Sec-Fetch-Site": "same-origin"}))
        await asyncio.wait_for(begun.wait(), 10)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        if method == "POST":
            go_on.set()
        assert await asyncio.wait_for(came.get(), 10) == ended
