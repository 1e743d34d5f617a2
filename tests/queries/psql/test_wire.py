"""Messages within limits: what cannot be understood ends the connection, and nothing else happens."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygwire import messages

from queries.psql.sqlstate import Failure
from queries.psql.wire import MAX_BYTES, MAX_STARTUP_BYTES, Gone, Wire
from tests.queries.psql.talk import length


@asynccontextmanager
async def sent(data: bytes, *, end: bool = True) -> AsyncIterator[Wire]:
    """A wire whose client has sent this and, with `end`, gone."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    client_reader, client = await asyncio.open_connection(sock=theirs)
    client.write(data)
    if end:
        client.write_eof()
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        client.close()
        del client_reader


async def first(data: bytes) -> messages.PGMessage:
    async with sent(data) as wire:
        wire.trust()
        return await wire.receive()


async def start(data: bytes) -> messages.PGMessage:
    async with sent(data) as wire:
        return await wire.startup()


@pytest.mark.parametrize(
    "message",
    [
        messages.Query(query_string="SELECT 'é'"),
        messages.Parse(statement="s", query="SELECT $1", param_types=[23, 0]),
        messages.Bind("p", "s", [1, 0], [b"\0", None, b""], [1]),
        messages.Describe("P", "p"),
        messages.Execute("p", 5),
        messages.Close("S", "s"),
        messages.Sync(),
        messages.Flush(),
        messages.Terminate(),
        messages.PasswordMessage(password="secret"),
    ],
    ids=lambda message: type(message).__name__,
)
async def test_a_message_arrives_as_it_was_sent(message: messages.PGMessage) -> None:
    assert await first(message.to_wire()) == message


async def test_the_first_messages_have_no_letter() -> None:
    for message in (
        messages.StartupMessage(params={"user": "a", "database": "b"}),
        messages.SSLRequest(),
        messages.GSSEncRequest(),
        messages.CancelRequest(7, b"abcd"),
    ):
        assert await start(message.to_wire()) == message


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        length(7) + b"\0\0\0",
        length(-1) + b"\0" * 8,
        length(MAX_STARTUP_BYTES + 1) + b"\0\3\0\0",
        length(2**31 - 1) + b"\0\3\0\0",
        length(8) + b"\0\2\0\0",
        length(12) + b"\0\3\0\0user",
    ],
)
async def test_what_is_no_start_ends_it(data: bytes) -> None:
    with pytest.raises(Failure) as failure:
        await start(data)
    assert failure.value.fatal


@pytest.mark.parametrize(
    "data",
    [
        b"Q" + length(3),
        b"Q" + length(-1),
        b"Q" + length(MAX_BYTES + 1),
        b"Q" + length(2**31 - 1) + b"SELECT",
        b"?" + length(4),
        b"Q" + length(8) + b"open",
        b"Q" + length(9) + b"a\0bc\0",
        b"Q" + length(6) + b"\xff\0",
        b"D" + length(4),
        b"S" + length(5) + b"x",
        b"P" + length(10) + b"\0\0\0\5\0\0",
        b"B" + length(14) + b"\0\0\0\0\0\1\xff\xff\xff\xf0",
        b"B" + length(18) + b"\0\0\0\0\0\1\0\0\0\x63ab\0\0",
    ],
)
async def test_a_message_that_is_malformed_ends_it(data: bytes) -> None:
    with pytest.raises(Failure) as failure:
        await first(data)
    assert failure.value.fatal
    assert failure.value.sqlstate in {"08P01", "54000"}


@pytest.mark.parametrize("data", [b"", b"Q", b"Q\0\0", b"Q" + length(20) + b"SELECT"])
async def test_a_client_that_goes_is_gone(data: bytes) -> None:
    with pytest.raises(Gone):
        await first(data)


@given(st.binary(max_size=80))
async def test_any_bytes_are_a_message_or_the_end(data: bytes) -> None:
    for read in (first, start):
        try:
            message = await read(data)
        except (Failure, Gone):
            continue
        assert data[1 if read is first else 0 :].startswith(length(4 + len(message.encode())))


async def test_before_a_client_is_known_messages_are_small() -> None:
    async with sent(b"p" + length(MAX_STARTUP_BYTES + 1)) as wire:
        with pytest.raises(Failure, match=str(MAX_STARTUP_BYTES)):
            await wire.receive()


async def test_what_is_written_arrives() -> None:
    async with sent(b"", end=False) as wire:
        wire.write(messages.ReadyForQuery())
        wire.write_bytes(b"x")
        await wire.drain()
        assert not wire.clogged
        assert not wire.encrypted
        await wire.close()
