"""A client that speaks PostgreSQL's protocol message by message, right or wrong."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pygwire import BackendMessageDecoder, ConnectionPhase, messages

_SECONDS = 20.0
_TEN = "(SELECT unnest(array[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) AS n)"
#: hashes ten thousand million texts
SLOW = "SELECT sum(length(md5(concat({})))) FROM {}".format(
    ", ".join(f"t{at}.n::text" for at in range(10)), ", ".join(f"{_TEN} t{at}" for at in range(10))
)
#: thirty million bytes, of three events
LARGE = f"SELECT lpad('x', 100000, 'x') FROM events, {_TEN} a, {_TEN} b"


class Talk:
    """One connection. Reading ends with an error after a deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._decoder = BackendMessageDecoder()
        self._decoder.phase = ConnectionPhase.EXTENDED_QUERY

    async def send(self, *sent: messages.PGMessage) -> None:
        self.writer.write(b"".join(one.to_wire() for one in sent))
        await self.writer.drain()

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def login(self, user: str, password: str, **parameters: str) -> list[messages.PGMessage]:
        """What the server says, up to its being ready, or to its end."""
        await self.send(messages.StartupMessage(params={"user": user, "database": "events", **parameters}))
        await self.send(messages.PasswordMessage(password=password))
        return await self.until_ready(initial=True)

    async def until_ready(self, *, initial: bool = False) -> list[messages.PGMessage]:
        """Messages up to ReadyForQuery, or to the end of the connection."""
        self._decoder.phase = ConnectionPhase.INITIALIZATION if initial else ConnectionPhase.EXTENDED_QUERY
        found: list[messages.PGMessage] = []
        async with asyncio.timeout(_SECONDS):
            while True:
                for message in self._decoder:
                    found.append(message)
                    if isinstance(message, messages.ReadyForQuery):
                        return found
                data = await self.reader.read(65536)
                if not data:
                    return found
                self._decoder.feed(data)

    async def ask(self, *sent: messages.PGMessage) -> list[messages.PGMessage]:
        await self.send(*sent)
        return await self.until_ready()

    async def ended(self) -> bool:
        """Whether the server hangs up."""
        async with asyncio.timeout(_SECONDS):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True


def kinds(found: list[messages.PGMessage]) -> list[str]:
    """The names of messages, rows counted as one."""
    names = [type(one).__name__ for one in found]
    return [name for at, name in enumerate(names) if name != "DataRow" or names[at - 1] != name]


def failure(found: list[messages.PGMessage]) -> messages.ErrorResponse:
    """The one error among them."""
    (one,) = failures(found)
    return one


def failures(found: list[messages.PGMessage]) -> list[messages.ErrorResponse]:
    return [one for one in found if isinstance(one, messages.ErrorResponse)]


def rows(found: list[messages.PGMessage]) -> list[list[Any]]:
    return [list(one.columns) for one in found if isinstance(one, messages.DataRow)]


def length(count: int) -> bytes:
    return struct.pack("!i", count)


@asynccontextmanager
async def talking(port: int) -> AsyncIterator[Talk]:
    """A connection that is not logged in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()
