"""Route -> aiohttp handler: key, body, answer, and what every failure sounds like."""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import msgspec
from aiohttp import web
from redis.exceptions import RedisError

from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Conflict, Invalid, NotThere, ProjectError
from ingest_api.stream import InstallMismatch
from ingest_api.traces import traced, tracing
from queries import answer, body, telemetry
from queries.entry.browser import browser
from queries.entry.sharing import Withheld, narrowed
from queries.errors import NotReady, Refused, StoreUnavailable
from queries.route import Call, Headed, Route
from queries.service import QueryService
from queries.streamed import Streamed

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_AWAY = "The answer cannot be had now. Ask again in a moment."
#: headers that belong to a status
_WITH: Mapping[int, Mapping[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}
_STATUS: Mapping[type[ProjectError], int] = {NotThere: 404, Conflict: 409, Invalid: 400}
#: every id that was ever given to a project, a site or a key
_ID = re.compile(r"[A-Za-z0-9._-]{1,127}")
#: every name that an event, and every id that a producer gives a person, may have
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,1024}")
#: variables of paths whose values producers choose
_OWN = frozenset(("name", "user", "client_id"))
#: methods that change nothing
_SAFE = frozenset(("GET", "HEAD"))
_BODY_SECONDS = 10.0
#: requests that go on without their client
_UNDER_WAY: set[asyncio.Future[web.StreamResponse]] = set()


def answering(service: QueryService, route: Route) -> Handler:
    """What aiohttp calls for this route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        if request.method == "GET" or route.reads:
            response = await _answer(service, route, request)
        else:
            response = await _to_its_end(_answer(service, route, request))
        telemetry.REQUESTS.labels(route.name, response.status).inc()
        telemetry.SECONDS.labels(route.name).observe(time.perf_counter() - started)
        return response

    return handle


async def _to_its_end(answering: Coroutine[Any, Any, web.StreamResponse]) -> web.StreamResponse:
    """What changes something is not left half done when its client goes."""
    task = asyncio.ensure_future(answering)
    _UNDER_WAY.add(task)
    task.add_done_callback(_UNDER_WAY.discard)
    return await asyncio.shield(task)


async def _answer(service: QueryService, route: Route, request: web.Request) -> web.StreamResponse:
    try:
        return await _done(service, route, request)
    except Refused as refused:
        return error(refused)
    except ProjectError as refused:
        return error(Refused(_STATUS.get(type(refused), 400), str(refused), refused.details))
    except NotReady as missing:
        return json(503, {"status": "not ready", "why": str(missing)}, {"Retry-After": "1"})
    except (StoreUnavailable, RedisError, OSError, InstallMismatch) as why:
        log.warning("cannot answer", extra={"action": "query", "why": str(why)})
        return json(503, answer.error(503, _AWAY), {"Retry-After": "1"})
    except Exception:
        log.exception("a question failed", extra={"action": "query"})
        return json(500, answer.error(500, "Something failed here; it is in the log."))


async def _done(service: QueryService, route: Route, request: web.Request) -> web.StreamResponse:
    call = await _call(service, route, request)
    try:
        with narrowed(call.access is not None and Kind.SHARE in call.access.kinds):
            answered = await route.run(service, call)
    except Withheld as withheld:
        raise Refused(403, str(withheld)) from withheld
    if isinstance(answered, Streamed):
        return await _stream(request, answered)
    if isinstance(answered, Headed):
        return json(answered.status or route.status, answered.document, answered.headers)
    return json(route.status, answered)


async def _call(service: QueryService, route: Route, request: web.Request) -> Call:
    """Nothing of a request is read before its key was found good, and its page to be of this service."""
    authorization = request.headers.get("Authorization", "")
    asking = browser(request.scheme, request.headers, request.cookies)
    if request.method not in _SAFE and (not route.kinds or (asking.session and not authorization)):
        asking.check()
    access = await service.access(authorization, *route.kinds, session=asking.session) if route.kinds else None
    if tracing.process.tracer is not None:
        traced.admit(keyed=access is not None)
    if not all((_NAME if name in _OWN else _ID).fullmatch(value) for name, value in request.match_info.items()):
        raise Refused(404, "There is nothing of this name.")
    read = body.read(await _bytes(request, route.max_bytes), route.request) if route.request else None
    return Call(access, request.match_info, request.query, read, request.headers, asking)


async def _bytes(request: web.Request, most: int) -> bytes:
    if not request.body_exists:
        return b""
    body.check_headers(request.headers)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await _up_to(request, most)
    except TimeoutError as slow:
        raise Refused(408, f"The body must arrive within {_BODY_SECONDS:g} seconds.") from slow


async def _up_to(request: web.Request, most: int) -> bytes:
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > most:
            raise Refused(413, f"The body is larger than {most} bytes.")
    return bytes(read)


async def _stream(request: web.Request, streamed: Streamed) -> web.StreamResponse:
    """Send chunk by chunk. What fails before the first one is an ordinary error; afterwards the connection is cut."""
    async with contextlib.aclosing(streamed.chunks) as chunks:
        first = b""
        with contextlib.suppress(StopAsyncIteration):  # `anext` with a default fails at the end on Python 3.11
            first = await anext(chunks)
        headers = {"Cache-Control": "no-store", "Content-Type": streamed.content_type, **streamed.headers}
        if streamed.filename:
            headers["Content-Disposition"] = f'attachment; filename="{streamed.filename}"'
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        try:
            await _send(response, first, streamed.patience)
            async for chunk in chunks:
                await _send(response, chunk, streamed.patience)
            await response.write_eof()
        except ConnectionError:
            pass  # the client went
        except TimeoutError:
            log.info("a client took nothing", extra={"action": "query"})
            _cut(request)
        except Exception:
            log.exception("an answer broke off", extra={"action": "query"})
            _cut(request)
    return response


async def _send(response: web.StreamResponse, chunk: bytes, patience: float) -> None:
    async with asyncio.timeout(patience):
        await response.write(chunk)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def error(refused: Refused) -> web.Response:
    """The one shape of every error."""
    return json(
        refused.status, answer.error(refused.status, refused.message, refused.details), _WITH.get(refused.status)
    )


def json(status: int, document: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer that no cache keeps: what it shows belongs to whoever has the key."""
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(
        status=status, body=msgspec.json.encode(document), content_type="application/json", headers=sent
    )
