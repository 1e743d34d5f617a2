"""ClickHouse's queue of async inserts, in front of the local endpoint: the engine in a process has none.

    python -m tests.bench.peers.gathering PORT

Rows sent with `async_insert=1` are gathered for 50 ms, the least that a server waits by default, inserted together as
one part, and then acknowledged. Everything else is passed on to CLICKHOUSE_URL as it came.
"""

import asyncio
import os
import sys

import aiohttp
import uvloop
from aiohttp import web
from yarl import URL

_WAIT_SECONDS = 0.05
_SETTINGS = {"async_insert": "0"}
#: headers of an answer that is passed on
_KEPT = ("X-ClickHouse", "Content-Encoding", "Content-Type")


class Gathering:
    """Rows that wait, by the statement they came with."""

    def __init__(self, session: aiohttp.ClientSession, url: URL) -> None:
        self._session = session
        self._url = url
        self._rows: dict[bytes, list[bytes]] = {}
        self._inserts: dict[bytes, asyncio.Task[None]] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Rows wait for their insert; what else is asked is passed on."""
        body = await request.read()
        if request.query.get("async_insert") != "1":
            return await self._passed_on(request, body)
        statement, _, rows = body.partition(b"\n")
        self._rows.setdefault(statement, []).append(rows)
        if statement not in self._inserts:
            self._inserts[statement] = asyncio.ensure_future(self._insert(statement))
        await asyncio.shield(self._inserts[statement])
        return web.Response()

    async def _insert(self, statement: bytes) -> None:
        await asyncio.sleep(_WAIT_SECONDS)
        del self._inserts[statement]
        body = b"\n".join((statement, *self._rows.pop(statement)))
        async with self._session.post(self._url.update_query(_SETTINGS), data=body) as answer:
            if answer.status != 200:
                raise web.HTTPInternalServerError(text=await answer.text())

    async def _passed_on(self, request: web.BaseRequest, body: bytes) -> web.Response:
        url = self._url.update_query(request.query)
        async with self._session.request(request.method, url, data=body, auto_decompress=False) as answer:
            headers = {name: text for name, text in answer.headers.items() if name.startswith(_KEPT)}
            return web.Response(status=answer.status, body=await answer.read(), headers=headers)


async def serve(port: int) -> None:
    """Listen on loopback until ended."""
    async with aiohttp.ClientSession() as session:
        gathering = Gathering(session, URL(os.environ["CLICKHOUSE_URL"]))
        runner = web.ServerRunner(web.Server(gathering.handle, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
