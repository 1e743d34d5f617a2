"""Connections: which are too slow, which are too many, and what is said to one that does not speak HTTP.

A sweep looks at all of them every second at most: a timer for each request would cost every request.
"""

import asyncio
import logging
import math
import sys
import traceback
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

from aiohttp import web
from aiohttp.http import HttpProcessingError, RawRequestMessage
from aiohttp.http_exceptions import LineTooLong

from ingest_api import telemetry
from ingest_api.http.answer import LastAnswer, last_words
from ingest_api.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

#: a client has this long to read its last answer and hang up first, so that the answer is not lost with unread bytes
_LINGER_SECONDS = 1.0
#: beyond `max_connections` so many more are told why they are closed; others are closed without a word
_TOLD = 1000
#: a client that sends again so soon after an answer has waited for it
_HURRY_SECONDS = 0.05
#: between two looks at what is still under way while the process stops
_FINISH_PAUSE = 0.02
#: longest request line and header field; they differ so that errors can be told apart
_MAX_LINE_BYTES, _MAX_FIELD_BYTES, _MAX_FIELDS = 8192, 8190, 128

_TOO_MANY = "This process has as many connections as it takes. Send this again in a moment."
_TOO_SLOW = "The headers of the request did not arrive in time."
_FAILED = "Something failed here; it is in the log."


class _OneTask:
    """The loop as a connection sees it until Python 3.12: a request is handled in the task of its connection.

    aiohttp makes a task for each request, lest one sees what another left in context variables. We leave nothing there;
    the task costs 2 µs (docs/performance.md). From 3.12 on aiohttp's tasks begin at once and cost little.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.time, self.create_future = loop.time, loop.create_future
        self.call_at, self.call_later, self.call_soon = loop.call_at, loop.call_later, loop.call_soon

    @staticmethod
    def create_task(handling: Awaitable[T]) -> Awaitable[T]:
        return handling


class Connection(web.RequestHandler):
    """aiohttp's connection with deadlines, ended by words that echo nothing."""

    __slots__ = ("_begun_at", "_begun_of", "_ended_at", "_made_at", "_server", "_unread_at")

    def __init__(self, server: "Server", loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._made_at = loop.time()
        #: when a head began to arrive in pieces, and how many requests had come before it; 0 for never
        self._begun_at, self._begun_of = 0.0, 0
        #: since when the client takes no bytes; 0 while it does
        self._unread_at = 0.0
        #: when the last answer was sent; 0 before
        self._ended_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if sys.version_info < (3, 12):
            self._loop = cast("asyncio.AbstractEventLoop", self._server.one_task)
        self._server.admit(self)

    def data_received(self, data: bytes) -> None:
        waiter, count = self._waiter, self._request_count
        between = waiter is None and self._read_whole()
        super().data_received(data)
        if waiter is None or not waiter.done():
            self._came_in_pieces(between=between and self._request_count == count)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """aiohttp asks for this after every body, paused or not, and would parse nothing once more each time."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_at = self._loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether no request is under way, its body included."""
        return self._waiter is not None

    @property
    def hurried(self) -> bool:
        """Whether the request under way came soon after the answer before it, or after the connection itself."""
        return self._loop.time() + self._keepalive_timeout - self._next_keepalive_close_time < _HURRY_SECONDS

    def sweep(self, now: float, settings: Settings) -> None:
        """End this connection if its client took too long. A body's deadline is its reader's: `read_rest`."""
        if self._ended_at:
            if now - self._ended_at > _LINGER_SECONDS:
                self.abort()
        elif self._unread_at:
            if now - self._unread_at > settings.body_timeout_seconds:
                self.abort()
        elif self._waiter is not None:
            self._sweep_idle(now - settings.header_timeout_seconds)

    def _sweep_idle(self, latest: float) -> None:
        if self._begun_at and self._begun_of == self._request_count:
            if self._begun_at < latest:
                telemetry.REFUSALS.add("http", "slow_headers")
                self.end(last_words(408, "slow_headers", _TOO_SLOW))
        elif not self._request_count and self._made_at < latest:
            self.force_close()

    def end(self, last: bytes) -> None:
        """Send this, hear no more, and hang up once the client did, or soon."""
        transport = self.transport
        if transport is None:
            return
        self._ended_at = self._loop.time()
        self.close()
        self._force_close = True  # so that aiohttp leaves the transport to the sweep
        transport.write(last)
        transport.write_eof()

    def abort(self) -> None:
        """Hang up at once."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Called by aiohttp when a request cannot be parsed, or its handler failed."""
        if isinstance(exc, HttpProcessingError):
            told = _no_http(exc)
            telemetry.REFUSALS.add("http", "malformed_http")
            log.debug("refused", extra={"action": "parse", "status": told[0], "error": type(exc).__name__})
            return LastAnswer(*told)
        self.log_exception("a request failed", exc_info=exc)
        return LastAnswer(500, "internal", _FAILED)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Called by aiohttp. Tells where it happened and not what was said: that may quote the client."""
        error = kw.get("exc_info")
        extra = {"action": "connection", "error": type(error).__name__}
        if isinstance(error, BaseException):
            extra["stack"] = "".join(traceback.format_tb(error.__traceback__))
        log.error("a request failed", extra=extra)

    def _read_whole(self) -> bool:
        """Whether the latest request is here with its body, though not answered yet."""
        if self._messages:
            return bool(self._messages[-1][1].is_eof())
        return self._current_request is not None and self._current_request.content.is_eof()

    def _came_in_pieces(self, *, between: bool) -> None:
        """Bytes that were no whole head: a part of one, a body, or what is no HTTP after a good head.

        `between`: a part of the next head, while a request that is here whole waits for its answer.
        """
        if between or self._waiter is not None:
            if not self._begun_at or self._begun_of != self._request_count:
                self._begun_at, self._begun_of = self._loop.time(), self._request_count
        elif self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):
            if self._current_request is None:  # its handler starts in this very turn of the loop
                self._loop.call_soon(self._break_body)
            else:
                self._break_body()

    def _break_body(self) -> None:
        """Tell the request under way that its body has no end: the parser stopped in it."""
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("not HTTP"))


class Server(web.Server):
    """aiohttp's server with a cap on its connections and a sweep over them."""

    def __init__(self, handler: Any, settings: Settings) -> None:
        super().__init__(handler)
        self._settings = settings
        self._options = {
            "access_log": None,
            "auto_decompress": False,  # aiohttp takes a truncated body for a whole one
            "keepalive_timeout": settings.keepalive_seconds,
            "lingering_time": _LINGER_SECONDS,
            "max_line_size": _MAX_LINE_BYTES,
            "max_field_size": _MAX_FIELD_BYTES,
            "max_headers": _MAX_FIELDS,
        }
        self.one_task = _OneTask(self._loop)
        self._every = min(1.0, settings.header_timeout_seconds / 4)
        self._next: asyncio.TimerHandle | None = None
        self._refused = 0

    def __call__(self) -> Connection:
        return Connection(self, self._loop, **self._options)

    def admit(self, connection: Connection) -> None:
        """Let a new connection in, or end it when there are too many."""
        if self._next is None:
            self._next = self._loop.call_later(self._every, self._sweep)
        above = len(self._connections) - self._settings.max_connections
        if above <= 0:
            return
        self._refused += 1
        telemetry.REFUSALS.add("http", "too_many_connections")
        if above > _TOLD:
            connection.abort()
        else:
            connection.end(last_words(503, "too_many_connections", _TOO_MANY, {"Retry-After": "1"}))

    async def finish(self, seconds: float) -> None:
        """Let requests under way end, also those whose body still arrives: aiohttp's own shutdown hears no more of it.

        Idle connections are closed at once, the others when they become idle.
        """
        for _ in range(math.ceil(seconds / _FINISH_PAUSE)):
            if not self._close_idle():
                return
            await asyncio.sleep(_FINISH_PAUSE)

    def _close_idle(self) -> bool:
        """Whether any connection is left that is not idle."""
        connections = [cast("Connection", one) for one in self.connections]
        for connection in connections:
            if connection.idle:
                connection.force_close()
        return not all(connection.idle for connection in connections)

    def _sweep(self) -> None:
        self._next = None
        now = self._loop.time()
        for connection in self.connections:
            cast("Connection", connection).sweep(now, self._settings)
        if self._refused:
            log.warning("too many connections", extra={"action": "connect", "refused": self._refused})
            self._refused = 0
        if self._connections:
            self._next = self._loop.call_later(self._every, self._sweep)


def _no_http(error: HttpProcessingError) -> tuple[int, str, str]:
    """Status, name and sentence for bytes that are no request."""
    if isinstance(error, LineTooLong):
        if error.args[1] == _MAX_LINE_BYTES:
            return 414, "uri_too_long", f"The request line is longer than {_MAX_LINE_BYTES} bytes."
        return 431, "header_too_long", f"A header is longer than {_MAX_FIELD_BYTES} bytes."
    if error.message == "Too many headers received":
        return 431, "too_many_headers", f"The request has more than {_MAX_FIELDS} headers."
    return 400, "malformed_http", "This is not a well-formed HTTP/1.1 request."
