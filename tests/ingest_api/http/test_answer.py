"""Answers on the wire, read byte by byte."""

import asyncio

import pytest

from tests.ingest_api.conftest import Door

pytestmark = pytest.mark.stack


async def talk(door: Door, request: bytes) -> bytes:
    """What the server says until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request)
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return said


def post(version: str, *headers: str, body: str = "{}") -> bytes:
    """A POST without a key."""
    lines = [f"POST /v1/events HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


async def test_two_requests_on_one_connection_get_two_whole_answers(door: Door) -> None:
    said = await talk(door, post("1.1") + post("1.1", "Connection: close"))
    first, second = said.split(b"HTTP/1.1 ")[1:]
    for answer in (first, second):
        head, body = answer.split(b"\r\n\r\n")
        assert head.startswith(b"401 Unauthorized\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        assert all(name in head for name in (b"X-Request-Id: ", b"Date: ", b"Content-Type: application/json"))


async def test_a_client_that_says_close_is_hung_up_on(door: Door) -> None:
    said = await talk(door, post("1.1", "Connection: close"))
    assert b"connection: close" in said.lower()


async def test_an_http_1_0_client_is_answered_in_its_own_version(door: Door) -> None:
    assert (await talk(door, post("1.0"))).startswith(b"HTTP/1.0 401 ")
