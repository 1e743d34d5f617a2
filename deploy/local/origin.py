"""One origin in front of the services, as the reverse proxy in production is: streams, and changes no body.

python -m deploy.local.origin --port 8000 --ingest http://127.0.0.1:8080 --query http://127.0.0.1:8090
"""

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Annotated

import aiohttp
import uvloop
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from cyclopts import App, Parameter
from multidict import CIMultiDict
from yarl import URL

from deploy.local.ports import HOST

_QUERY_PREFIXES = ("/api", "/app", "/dash", "/openapi.json", "/reference")
#: what follows is an event, and asks for its receipt; the path itself takes events
_EVENTS = "/v1/events/"
#: they speak of one connection, not of the message (RFC 9110, 7.6.1); Expect is answered here
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: added by aiohttp's client where the sender gave none
_NEVER_ADD = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_CONNECT_SECONDS = 5.0
_SHUTDOWN_SECONDS = 1.0
#: the services limit what they read; this hop must not be the narrower one
_HEADER_BYTES = 64 * 1024


class Services:
    """Who answers which path."""

    def __init__(self, ingest: str, query: str) -> None:
        self._ingest = ("front door", ingest.rstrip("/"))
        self._query = ("query service", query.rstrip("/"))

    def of(self, path: str) -> tuple[str, str]:
        """Name and base URL of the service for a path: questions and documents, or else the front door."""
        asks = path == "/" or path.startswith(_QUERY_PREFIXES) or (path.startswith(_EVENTS) and path != _EVENTS)
        return self._query if asks else self._ingest


log = logging.getLogger(__name__)
_CLIENT = web.AppKey("client", aiohttp.ClientSession)
_SERVICES = web.AppKey("services", Services)


def build(ingest: str, query: str) -> web.Application:
    """The proxy between these two base URLs. Serve it with `auto_decompress=False`, else bodies are unpacked."""
    app = web.Application()
    app[_SERVICES] = Services(ingest, query)
    app.cleanup_ctx.append(_client)
    app.router.add_route("*", "/{path:.*}", _forward)
    return app


async def _client(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=_HEADER_BYTES,
        max_line_size=_HEADER_BYTES,
        skip_auto_headers=_NEVER_ADD,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
    ) as app[_CLIENT]:
        yield


async def _forward(request: web.Request) -> web.StreamResponse:
    name, base = request.app[_SERVICES].of(request.path)
    try:
        upstream = await request.app[_CLIENT].request(
            request.method,
            URL(base + request.rel_url.raw_path_qs, encoded=True),
            headers=_request_headers(request),
            data=request.content if request.body_exists else None,
            allow_redirects=False,
        )
    except aiohttp.ClientError as error:
        return _away(name, base, error)
    async with upstream:
        response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=_kept(upstream.headers))
        await response.prepare(request)
        try:
            async for chunk in upstream.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except aiohttp.ClientError:
            # The status is sent already: only a broken connection can still tell that the answer is incomplete.
            if request.transport is not None:
                request.transport.abort()
        return response


def _request_headers(request: web.Request) -> CIMultiDict[str]:
    headers = _kept(request.headers)
    headers["X-Forwarded-For"] = ", ".join(
        [*request.headers.getall("X-Forwarded-For", []), request.remote or "unknown"]
    )
    headers["X-Forwarded-Proto"] = request.scheme
    headers["X-Forwarded-Host"] = request.host
    return headers


def _kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    dropped = _HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _quoting_nobody(record: logging.LogRecord) -> bool:
    """What is no HTTP is quoted by aiohttp's errors, be it a cookie or a key: where it failed is not logged."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info = None
    return True


log.addFilter(_quoting_nobody)


def _away(name: str, base: str, error: Exception) -> web.Response:
    message = (
        f"The {name} at {base} does not answer ({error or type(error).__name__}). "
        "The supervisor starts it again: try in a few seconds, or look at `make status` and `make logs`."
    )
    return web.json_response({"error": "Bad Gateway", "message": message}, status=502, headers={"Retry-After": "1"})


cli = App(help=__doc__)


@cli.default
def serve(
    *,
    port: Annotated[int, Parameter(help="port to listen on, on loopback")],
    ingest: Annotated[str, Parameter(help="base URL of the front door")],
    query: Annotated[str, Parameter(help="base URL of the query service")],
) -> None:
    """Serve until SIGTERM."""
    web.run_app(
        build(ingest, query),
        host=HOST,
        port=port,
        access_log=None,
        logger=log,
        auto_decompress=False,
        loop=uvloop.new_event_loop(),
        max_field_size=_HEADER_BYTES,
        max_line_size=_HEADER_BYTES,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    cli()
