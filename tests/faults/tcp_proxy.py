"""A cable that can be cut: a TCP proxy which passes, holds back, swallows or cuts what runs through it."""

import asyncio
from enum import Enum, auto
from typing import cast

from deploy.local.ports import HOST

_CHUNK = 1 << 16


class Cable(Enum):
    """What the cable does with bytes."""

    WHOLE = auto()
    #: nothing arrives on either side and nobody is told, as when a network is cut
    HOLE = auto()
    #: what is asked arrives; before the first byte of an answer both sides are cut off
    NO_REPLY = auto()


class TcpProxy:
    """Listens on a port of its own and passes on to another. `cable` may be changed at any time."""

    def __init__(self, target: int) -> None:
        #: port of the machine that new connections lead to
        self.target = target
        self.cable = Cable.WHOLE
        #: seconds that each piece of an answer waits
        self.delay = 0.0
        #: connections that NO_REPLY cut
        self.cut = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._mended = asyncio.Event()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connect, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection and listen no more."""
        if self._server is not None:
            self._server.close()
            self.reset()
            await self._server.wait_closed()

    def reset(self) -> None:
        """Cut every connection that is open now; new ones may come."""
        for writer in list(self._open):
            cast("asyncio.Transport", writer.transport).abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            cast("asyncio.Transport", writer.transport).abort()
            return
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(
                self._carry(reader, far_writer, answer=False), self._carry(far_reader, writer, answer=True)
            )
        finally:
            self._open -= {writer, far_writer}
            for end in (writer, far_writer):
                cast("asyncio.Transport", end.transport).abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answer: bool) -> None:
        try:
            while data := await source.read(_CHUNK):
                if self.cable is Cable.HOLE:
                    continue
                if answer and self.cable is Cable.NO_REPLY:
                    self.cut += 1
                    break
                if answer and self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # the other side is gone: so is this one
        finally:
            cast("asyncio.Transport", sink.transport).abort()
