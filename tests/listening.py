"""A server in the process of the tests, on a free port of loopback."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from yarl import URL

from deploy.local.ports import HOST


@contextlib.asynccontextmanager
async def listening(runner: web.BaseRunner) -> AsyncIterator[URL]:
    """Its address, `http://127.0.0.1:PORT`, until the context ends."""
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield URL(f"http://{HOST}:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
