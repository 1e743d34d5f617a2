"""Bytes to the front door and back, where a client library would be too well behaved."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson

EVENT = b'{"event_type":"told","occurred_at":"2026-11-20T10:00:00Z"}'


@dataclass(frozen=True)
class Said:
    """One answer. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, as a JSON object."""
        return orjson.loads(self.body)


def post(
    *fields: bytes,
    body: bytes = b"",
    line: bytes = b"POST /v1/events HTTP/1.1",
    host: bytes = b"Host: x\r\n",
    key: str = "KEY",
) -> bytes:
    """A request of these header fields, sent as they are."""
    return b"%s\r\n%sAuthorization: Bearer %s\r\n%s\r\n%s" % (
        line, host, key.encode(), b"".join(field + b"\r\n" for field in fields), body,
    )  # fmt: skip


def event(key: str = "KEY", *fields: bytes) -> bytes:
    """A request that is right."""
    return post(b"Content-Length: %d" % len(EVENT), *fields, body=EVENT, key=key)


async def talk(port: int, *pieces: bytes) -> bytes:
    """Send these pieces, each in a packet of its own; what the server says until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.01)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.transport.abort()


def answers(said: bytes) -> list[Said]:
    """Every answer of a connection that is over. Raises `ValueError` for bytes that are none."""
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", "0"))
        found.append(Said(int(line.split()[1]), headers, rest[:length]))
        said = rest[length:]
    return found
