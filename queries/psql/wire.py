"""Messages of PostgreSQL's protocol from and to a socket, each within its limits of size and time.

The library knows the messages; what a client may make this process hold is decided here.
"""

import asyncio
import struct
from ssl import SSLContext
from typing import TypeVar

from pygwire import PygwireError, StartupRequestCode, messages

from queries.psql.sqlstate import LIMIT_EXCEEDED, PROTOCOL_VIOLATION, Failure

#: of a message before the client is known, and after
MAX_STARTUP_BYTES, MAX_BYTES = 10_000, 1 << 20
#: a message that has begun is there within so many seconds
_MESSAGE_SECONDS = 30.0
_CLOGGED_BYTES = 64 * 1024
_LENGTH = struct.Struct("!i")
Message = TypeVar("Message", bound=messages.PGMessage)
_MAJOR = 3

_STARTUPS: dict[int, type[messages.SpecialMessage]] = {
    StartupRequestCode.SSL_REQUEST: messages.SSLRequest,
    StartupRequestCode.GSSENC_REQUEST: messages.GSSEncRequest,
    StartupRequestCode.CANCEL_REQUEST: messages.CancelRequest,
}
_KNOWN: dict[bytes, type[messages.PGMessage]] = {
    b"Q": messages.Query,
    b"P": messages.Parse,
    b"B": messages.Bind,
    b"D": messages.Describe,
    b"E": messages.Execute,
    b"C": messages.Close,
    b"H": messages.Flush,
    b"S": messages.Sync,
    b"X": messages.Terminate,
    b"p": messages.PasswordMessage,
    b"d": messages.CopyData,
    b"c": messages.CopyDone,
    b"f": messages.CopyFail,
}


class Gone(Exception):
    """The client has hung up."""


class Wire:
    """One connection. What cannot be understood raises a fatal `Failure`, an end of the connection `Gone`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._max_bytes = MAX_STARTUP_BYTES

    @property
    def peer(self) -> str:
        """The client's address; empty for what is no internet socket."""
        name = self._writer.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._writer.get_extra_info("ssl_object") is not None

    @property
    def clogged(self) -> bool:
        """Whether the client does not take what it was sent."""
        return self._writer.transport.get_write_buffer_size() > _CLOGGED_BYTES

    def trust(self) -> None:
        """Take messages as large as a known client may send."""
        self._max_bytes = MAX_BYTES

    async def startup(self) -> messages.SpecialMessage:
        """The first message, which has no letter."""
        length = _LENGTH.unpack(await self._exactly(4))[0]
        if not 8 <= length <= MAX_STARTUP_BYTES:
            raise Failure(PROTOCOL_VIOLATION, "This is no start of PostgreSQL's protocol.", fatal=True)
        payload = await self._exactly(length - 4)
        code = _LENGTH.unpack_from(payload)[0]
        if code not in _STARTUPS and code >> 16 != _MAJOR:
            raise Failure("0A000", "Version 3 of PostgreSQL's protocol is spoken here.", fatal=True)
        return _decoded(_STARTUPS.get(code, messages.StartupMessage), payload)

    async def receive(self) -> messages.PGMessage:
        """The next message."""
        letter = await self._exactly(1)
        try:
            async with asyncio.timeout(_MESSAGE_SECONDS):
                length = _LENGTH.unpack(await self._exactly(4))[0]
                if not 4 <= length <= self._max_bytes:
                    raise Failure(LIMIT_EXCEEDED, f"A message has at most {self._max_bytes} bytes.", fatal=True)
                payload = await self._exactly(length - 4)
        except TimeoutError as slow:
            raise Failure(PROTOCOL_VIOLATION, "A message did not arrive in time.", fatal=True) from slow
        if letter not in _KNOWN:
            raise Failure(PROTOCOL_VIOLATION, f"There is no message {letter!r}.", fatal=True)
        message = _decoded(_KNOWN[letter], payload)
        # The library reads past wrong lengths in silence: only what it would write itself was understood.
        if _encoded(message) != payload:
            raise Failure(PROTOCOL_VIOLATION, f"A message {letter!r} is malformed.", fatal=True)
        return message

    async def encrypt(self, context: SSLContext) -> None:
        """Say yes to TLS and begin it. What came before it was not meant to be there."""
        try:
            async with asyncio.timeout(0):
                early = await self._reader.read(1)
        except TimeoutError:
            early = b""
        if early:
            raise Failure(PROTOCOL_VIOLATION, "Something was sent between asking for TLS and its start.", fatal=True)
        self._writer.write(b"S")
        try:
            await self._writer.start_tls(context)
        except OSError as error:  # an ssl.SSLError is one
            raise Gone from error

    def write(self, *sent: messages.PGMessage) -> None:
        """Put messages into the buffer."""
        for message in sent:
            self._writer.write(message.to_wire())

    def write_bytes(self, data: bytes) -> None:
        """Put into the buffer what is encoded already."""
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the client has taken what is in the buffer, but for the last 64 KiB."""
        try:
            async with asyncio.timeout(_MESSAGE_SECONDS):
                await self._writer.drain()
        except OSError as error:  # a TimeoutError is one
            raise Gone from error

    async def close(self, seconds: float = 1.0) -> None:
        """Send what is in the buffer, if the client takes it in time, and hang up."""
        self._writer.close()
        try:
            async with asyncio.timeout(seconds):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self._writer.transport.abort()

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Gone from error


def _decoded(kind: type[Message], payload: bytes) -> Message:
    try:
        return kind.decode(memoryview(payload))
    except (PygwireError, ValueError, IndexError, struct.error) as error:
        raise Failure(PROTOCOL_VIOLATION, f"A {kind.__name__} is malformed.", fatal=True) from error


def _encoded(message: messages.PGMessage) -> bytes:
    try:
        return message.encode()
    except (ValueError, struct.error):
        return b""
