"""`headrace tail`: the latest events, then each new one: live where the service can, else page by page."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import web

from clients.cli.tail import line
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import QUERY_KEY, Double, Fault


def event(name: str) -> dict[str, str]:
    return {"event_type": name, "occurred_at": "2026-11-21T10:00:00Z"}


async def test_latest_events_come_first_and_new_ones_follow(connected: Headrace, double: Double) -> None:
    double.events.extend(event(f"old{n}") for n in range(20))
    process = await connected.start("tail", "--limit", "2", "--stop-after", "3", "--json")
    assert process.stdout is not None
    shown = [orjson.loads(await process.stdout.readline()) for _ in range(2)]
    double.events.append(event("new"))
    ended = await connected.finish(process)
    shown += [orjson.loads(text) for text in ended.out.splitlines()]
    assert (ended.code, ended.err) == (0, "")
    assert [seen["event_type"] for seen in shown] == ["old18", "old19", "new"]


async def test_with_a_limit_of_none_only_new_events_are_shown(connected: Headrace, double: Double) -> None:
    double.events.append(event("old"))
    process = await connected.start("tail", "--limit", "0", "--stop-after", "1")
    await double.asked(1)
    double.events.append(event("new"))
    ended = await connected.finish(process)
    assert ended.out == "2026-11-21T10:00:00Z  new\n"


async def test_a_tail_outlives_a_restart_of_the_query_service(connected: Headrace, double: Double) -> None:
    double.events.append(event("a"))
    double.faults.append(Fault(status=503))
    ended = await connected("tail", "--stop-after", "1")
    assert ended.code == 0
    assert "answered 503" in ended.err


async def test_an_error_stays_out_of_the_lines(connected: Headrace) -> None:
    ended = await connected("tail", "--json", "--key", "wrong")
    assert (ended.code, ended.out) == (3, "")
    assert "HEADRACE_QUERY_KEY" in ended.err


async def test_ctrl_c_ends_it(connected: Headrace, double: Double) -> None:
    double.events.append(event("a"))
    process = await connected.start("tail")
    assert process.stdout is not None
    await process.stdout.readline()
    ended = await connected.interrupt(process)
    assert (ended.code, ended.err) == (130, "Interrupted.\n")


def test_data_cannot_steer_the_terminal() -> None:
    shown = line({"event_type": "a\x1b[2J", "url": "x\x9by", "properties": {"k": "\x1b]0;title\x07[bold]"}})
    assert shown.plain.isprintable()
    assert "[bold]" in shown.plain


class LiveDouble(Double):
    """The same with a live tail. A connection ends after so many events."""

    def __init__(self) -> None:
        super().__init__()
        self.at_a_time = 2
        #: where each connection began
        self.begun: list[int] = []
        #: connections that are refused before one is taken
        self.busy = 0

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_get("/api/v1/live", self._live)
        return app

    async def _live(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {QUERY_KEY}"
        if self.busy:
            self.busy -= 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        first = int(request.query["after"])
        self.begun.append(first)
        await response.write(f"retry: 1000\nid: {first}\n\n:\n\n".encode())
        for position in range(first, first + self.at_a_time):
            await self.taken(position + 1)
            shown = orjson.dumps({"event_id": str(position), **self.events[position]}).decode()
            text = f"id: {position + 1}\nevent: event\ndata: {shown}\n\n".encode()
            await response.write(text[:20])  # in pieces
            await asyncio.sleep(0)
            await response.write(text[20:])
        await response.write(b'event: dropped\ndata: {"error":"You read too slowly."}\n\n')
        return response

    def add(self, name: str) -> None:
        self.events.append(event(name))
        self._arrival.set()


@pytest.fixture
async def live() -> AsyncIterator[LiveDouble]:
    """A service with a live tail."""
    served = LiveDouble()
    runner = web.AppRunner(served.app(), shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


@pytest.fixture
def watching(headrace: Headrace, live: LiveDouble) -> Headrace:
    """The command, knowing that service."""
    headrace.env = {"HEADRACE_URL": live.url, "HEADRACE_QUERY_KEY": QUERY_KEY}
    return headrace


async def test_a_connection_that_ends_is_made_again_where_it_was(watching: Headrace, live: LiveDouble) -> None:
    live.add("old")
    process = await watching.start("tail", "--stop-after", "6", "--json")
    for number in range(5):
        live.add(f"new{number}")
    ended = await watching.finish(process)
    assert (ended.code, ended.err) == (0, "")
    seen = [orjson.loads(text)["event_type"] for text in ended.out.splitlines()]
    assert seen[-5:] == [f"new{number}" for number in range(5)]
    assert live.begun == [live.begun[0] + 2 * n for n in range(len(live.begun))]


async def test_who_is_refused_a_connection_asks_again(watching: Headrace, live: LiveDouble) -> None:
    live.busy = 1
    process = await watching.start("tail", "--limit", "0", "--stop-after", "1")
    await live.asked(1)
    live.add("new")
    ended = await watching.finish(process)
    assert (ended.code, ended.out) == (0, "2026-11-21T10:00:00Z  new\n")
    assert "answered 429" in ended.err


async def test_it_ends_when_nobody_reads_what_it_shows(watching: Headrace, live: LiveDouble) -> None:
    process = await watching.start("tail", "--limit", "0", "--json")
    await live.asked(1)
    live.add("first")
    assert process.stdout is not None
    assert await process.stdout.readline()
    pipe = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # nobody else can close it
    pipe.close()
    for _ in range(2):
        live.add("more")
    async with asyncio.timeout(60):
        assert await process.wait() == 0
