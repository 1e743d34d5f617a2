"""Answers to producers: the whole response in one write.

aiohttp builds a response from a dozen parts that other handlers may still change. Here nothing changes any more
once a dialect has replied, so head and body go out as they are (what that saves: docs/performance.md).
"""

import http
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol, cast

import orjson
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from ingest_api.http import request_id

_TYPE = "application/json; charset=utf-8"
_CLOSE = {"Connection": "close"}


class Ending(Protocol):
    """A connection that knows how to end."""

    def end(self, last: bytes) -> None:
        """Send this, then hang up."""


class Answer(web.Response):
    """JSON bytes with a request id. Clients older than HTTP/1.1, or about to hang up, get aiohttp's own writing."""

    _whole: bytes | None = None
    _to: web.BaseRequest | None = None

    def __init__(self, status: int, body: bytes, request_id: str, headers: Mapping[str, str] | None) -> None:
        self._parts = (status, body, request_id, headers)

    @property
    def status(self) -> int:
        """Before it is prepared, too."""
        return self._parts[0]

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Called by aiohttp with the request that is answered."""
        status, body, request_id, headers = self._parts
        message = request._message
        if message.version is HttpVersion11 and not message.should_close:
            if status >= 400 and not request.content.is_eof():
                self._end(request)  # nobody will read the rest of its body
                return None
            self._keep_alive = True
            self._to = request
            self._whole = _head(status, len(body), request_id, headers) + body
            return None
        known = {"Content-Type": _TYPE, "X-Request-Id": request_id, **(headers or {})}
        super().__init__(status=status, body=body, headers=known)
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        """Called by aiohttp after `prepare`."""
        if self._to is None or self._whole is None:
            await super().write_eof(data)
            return
        protocol = self._to.protocol
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if not self._keep_alive:
            cast("Ending", protocol).end(self._whole)
            return
        transport.write(self._whole)
        if protocol.writing_paused:  # by a client that asks on and on, and reads nothing
            await self._to.writer.drain()

    def _end(self, request: web.BaseRequest) -> None:
        status, body, request_id, headers = self._parts
        self._keep_alive = False
        self._to = request
        self._whole = _head(status, len(body), request_id, {**(headers or {}), **_CLOSE}) + body


class LastAnswer(Answer):
    """An error that ends its connection, whatever was asked, and in whichever version."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(status, _error(error, message), request_id.next_id(), None)

    async def prepare(self, request: web.BaseRequest) -> None:
        """Called by aiohttp, with a stand-in where no request could be read."""
        self._end(request)


def last_words(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The same as `LastAnswer`, as bytes, where no request is answered."""
    body = _error(error, message)
    return _head(status, len(body), request_id.next_id(), {**(headers or {}), **_CLOSE}) + body


def plain(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error outside of every dialect. The connection goes on."""
    known = {"X-Request-Id": request_id.next_id(), **(headers or {})}
    return web.Response(status=status, body=_error(error, message), content_type="application/json", headers=known)


def _error(error: str, message: str) -> bytes:
    return orjson.dumps({"status": "error", "error": error, "message": message})


def _head(status: int, length: int, request_id: str, headers: Mapping[str, str] | None) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) if headers else ""
    start = _start(status, int(time.time()))
    return f"{start}Content-Length: {length}\r\nX-Request-Id: {request_id}\r\n{more}\r\n".encode("latin-1")


@lru_cache(maxsize=64)
def _start(status: int, second: int) -> str:
    phrase, date = http.HTTPStatus(status).phrase, formatdate(second, usegmt=True)
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {_TYPE}\r\nDate: {date}\r\n"
