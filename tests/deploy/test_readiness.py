"""A container's health check says what the service says of itself."""

import asyncio
import socket
import sys

from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.readiness import ask


async def answered(status: int) -> tuple[bool, str]:
    """What is found of a service that answers so."""

    async def readyz(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="so it is")

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    async with TestServer(app, host="127.0.0.1") as server:
        return await asyncio.to_thread(ask, server.port or 0)


async def test_only_a_200_is_ready() -> None:
    assert await answered(200) == (True, "so it is")
    assert await answered(503) == (False, "so it is")


async def test_the_exit_code_says_so_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "deploy.readiness", port]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
    assert (process.returncode, f"nothing answers on port {port}".encode() in said) == (1, True)
