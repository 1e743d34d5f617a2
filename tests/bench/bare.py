"""The ceiling of the front door: a bare aiohttp handler that reads, parses with orjson and answers. Nothing else."""

import asyncio
import sys

import orjson
import uvloop
from aiohttp import web


async def _handle(request: web.Request) -> web.Response:
    orjson.loads(await request.read())
    return web.Response(body=b'{"status":"ok"}', content_type="application/json")


async def serve(port: int) -> None:
    """Listen on loopback until ended."""
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/events", _handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
