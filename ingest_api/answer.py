"""Answers to producers: the whole response in one write.

aiohttp builds a response from a dozen parts that other handlers may still change. Here nothing changes any more
once a dialect has replied, so head and body go out as they are (what that saves: docs/performance.md).
"""

import http
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

_TYPE = "application/json; charset=utf-8"


class Answer(web.Response):
    """JSON bytes with a request id. Clients older than HTTP/1.1, or about to hang up, get aiohttp's own writing."""

    def __init__(self, status: int, body: bytes, request_id: str, headers: Mapping[str, str] | None) -> None:
        self._parts = (status, body, request_id, headers)
        self._whole: bytes | None = None
        self._to: web.BaseRequest | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Called by aiohttp with the request that is answered."""
        status, body, request_id, headers = self._parts
        if request.version == HttpVersion11 and request.keep_alive:
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
        transport = self._to.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        transport.write(self._whole)


def _head(status: int, length: int, request_id: str, headers: Mapping[str, str] | None) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) if headers else ""
    start = _start(status, int(time.time()))
    return f"{start}Content-Length: {length}\r\nX-Request-Id: {request_id}\r\n{more}\r\n".encode("latin-1")


@lru_cache(maxsize=64)
def _start(status: int, second: int) -> str:
    phrase, date = http.HTTPStatus(status).phrase, formatdate(second, usegmt=True)
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {_TYPE}\r\nDate: {date}\r\n"
