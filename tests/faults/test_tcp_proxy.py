"""The cable does what it is told: passes, swallows, cuts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from deploy.local.ports import HOST
from tests.faults.tcp_proxy import Cable, TcpProxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def echoing() -> AsyncIterator[TcpProxy]:
    """A cable to a server that says everything again."""
    server = await asyncio.start_server(_echo, HOST, 0)
    proxy = TcpProxy(server.sockets[0].getsockname()[1])
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
        server.close()


async def ask(proxy: TcpProxy, within: float = 5.0) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    try:
        writer.write(b"hello")
        return await asyncio.wait_for(reader.read(100), within)
    finally:
        writer.transport.abort()


async def test_a_whole_cable_passes() -> None:
    async with echoing() as proxy:
        assert await ask(proxy) == b"hello"


async def test_a_hole_swallows_and_tells_nobody() -> None:
    async with echoing() as proxy:
        proxy.cable = Cable.HOLE
        with pytest.raises(TimeoutError):
            await ask(proxy, within=0.2)


async def test_without_a_reply_the_connection_is_cut_and_counted() -> None:
    async with echoing() as proxy:
        proxy.cable = Cable.NO_REPLY
        with suppress(ConnectionResetError):
            assert await ask(proxy) == b""
        assert proxy.cut == 1


async def test_a_server_that_is_gone_looks_gone() -> None:
    async with echoing() as proxy:
        proxy.target = 1
        with suppress(ConnectionResetError):
            assert await ask(proxy) == b""
