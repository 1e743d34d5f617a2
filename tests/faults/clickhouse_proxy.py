"""An HTTP proxy in front of the real ClickHouse, which spoils inserts in every way that servers and networks know."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from aiohttp import web

from deploy.local.ports import HOST

#: of a request or an answer: they belong to one connection, not to what is said over it
_HOP: Final = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}
#: seconds, longer than any client waits
_FOR_EVER: Final = 3600.0
#: what a server says that had begun its answer when it failed
_LATE: Final = "Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.9.2.1)\n"
_NOTHING_WRITTEN: Final = {"X-ClickHouse-Summary": '{"read_rows":"0","written_rows":"0"}'}
#: takes the request and a way to let it through; answers in the server's place
Spoil = Callable[[web.BaseRequest, Callable[[], Awaitable[web.Response]]], Awaitable[web.StreamResponse]]


class ClickHouseProxy:
    """Passes everything on. While `spoil` is set, inserts go through it instead; `spoilt` counts them."""

    def __init__(self, target: int) -> None:
        self.spoil: Spoil | None = None
        self.spoilt = 0
        self.port = 0
        self._target = f"http://{HOST}:{target}"
        self._client: aiohttp.ClientSession | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen."""
        self._client = aiohttp.ClientSession(auto_decompress=False)
        # a handler that hangs ends with its client
        server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._client is not None:
            await self._client.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()  # of any size

        async def forward() -> web.Response:
            return await self._forward(request, body)

        if self.spoil is None or "insert_deduplication_token" not in request.query:
            return await forward()
        self.spoilt += 1
        return await self.spoil(request, forward)

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.Response:
        if self._client is None:
            raise RuntimeError("the proxy was not started")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        try:
            async with self._client.request(
                request.method, f"{self._target}{request.raw_path}", data=body, headers=headers
            ) as answer:
                told = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
                return web.Response(status=answer.status, body=await answer.read(), headers=told)
        except aiohttp.ClientError:
            _hang_up(request)
            return web.Response(status=502)  # never arrives


async def hangs(request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]) -> web.StreamResponse:
    """Takes the insert, does nothing, says nothing."""
    await asyncio.sleep(_FOR_EVER)
    return web.Response()


async def commits_and_hangs(
    request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Stores the rows and says nothing: the client's time-out runs out after the commit."""
    await forward()
    return await hangs(request, forward)


async def commits_and_hangs_up(
    request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Stores the rows and cuts the connection before the answer."""
    await forward()
    _hang_up(request)
    return web.Response()


async def loses(request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]) -> web.StreamResponse:
    """Answers success and stores nothing, as a server does whose part was not on disk when its power went."""
    return web.Response(text="", headers={"X-ClickHouse-Summary": '{"written_rows":"1000000"}'})


async def fails_after_its_headers(
    request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Answers 200, then an exception in the body, and stores nothing."""
    answer = web.StreamResponse(headers=_NOTHING_WRITTEN)
    await answer.prepare(request)
    await answer.write(_LATE.encode())
    _hang_up(request)
    return answer


async def fails_in_a_whole_answer(
    request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Answers 200 with an exception as its body, complete, and stores nothing."""
    return web.Response(text=_LATE, headers=_NOTHING_WRITTEN)


def slow(seconds: float) -> Spoil:
    """Takes this much longer for each insert."""

    async def wait(request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await forward()

    return wait


def refuses(code: int, name: str) -> Spoil:
    """Answers 500 with this exception and stores nothing."""

    async def refuse(request: web.BaseRequest, forward: Callable[[], Awaitable[web.Response]]) -> web.StreamResponse:
        text = f"Code: {code}. DB::Exception: made by the fault suite. ({name}) (version 26.9.2.1)\n"
        return web.Response(status=500, text=text, headers={"X-ClickHouse-Exception-Code": str(code)})

    return refuse


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()
