"""Wiring of the query service: routes, paths and methods that there are not, request ids, start and stop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ingest_api.http import request_id
from ingest_api.traces.traced import Watch
from queries.documents.documents import documents
from queries.errors import Refused
from queries.handler import Handler, answering, error
from queries.pipeline import standing
from queries.psql.server import Server
from queries.routes import ROUTES
from queries.service import QueryService
from queries.settings import Settings
from queries.web.page import pages

SERVICE = web.AppKey("service", QueryService)
log = logging.getLogger(__name__)


def build_app(settings: Settings) -> web.Application:
    """The application."""
    app = web.Application(middlewares=[_json_errors], client_max_size=max(route.max_bytes for route in ROUTES))
    service = app[SERVICE] = QueryService(settings)
    paths: dict[str, dict[str, Handler]] = {}
    watch = Watch(settings.traces_sample, settings.traces_per_second)
    for route in ROUTES:  # aiohttp's own variables take no braces, which producers' ids may have
        handle = watch.over(answering(service, route), route.method, route.path)
        paths.setdefault(route.path.replace("}", ":[^/]+}"), {})[route.method] = handle
    paths |= {path: {"GET": handle} for path, handle in (documents() | pages()).items()}
    for path, methods in paths.items():
        if "GET" in methods:
            methods["HEAD"] = methods["GET"]
        for method, handle in methods.items():
            app.router.add_route(method, path, handle)
        if path != "/":
            app.router.add_route("*", f"{path}/", _by_method(methods))
    app.on_response_prepare.append(_name)
    app.on_shutdown.append(_let_go)
    app.cleanup_ctx.append(_close)
    app.cleanup_ctx.append(_stand)
    if settings.psql_port:
        app.cleanup_ctx.append(_psql(settings))
    return app


def build_runner(settings: Settings) -> web.AppRunner:
    """What serves it. Bodies stay packed: aiohttp unpacks, and fails at, also those that nobody reads."""
    return web.AppRunner(
        build_app(settings),
        access_log=None,
        logger=log,
        auto_decompress=False,
        handler_cancellation=True,  # a question ends with its client; `handler.py` shields what changes something
        shutdown_timeout=settings.shutdown_seconds,
    )


def _by_method(methods: dict[str, Handler]) -> Handler:
    """The same path with a slash at its end."""

    async def handle(request: web.Request) -> web.StreamResponse:
        chosen = methods.get(request.method)
        if chosen is None:
            raise web.HTTPMethodNotAllowed(request.method, methods)
        return await chosen(request)

    return handle


def _quoting_nobody(record: logging.LogRecord) -> bool:
    """What is no HTTP is quoted by aiohttp's errors, be it a cookie or a key: where it failed is not logged."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info = None
    return True


log.addFilter(_quoting_nobody)


@web.middleware
async def _json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What aiohttp says no to itself, in the shape of all errors; OPTIONS is answered for every path."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as refused:
        allow = ", ".join(sorted({*refused.allowed_methods, "OPTIONS"}))
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allow})
        response = error(Refused(405, f"This path takes {allow}."))
        response.headers["Allow"] = allow
        return response
    except web.HTTPNotFound:
        return error(Refused(404, "There is nothing at this path. Questions go to GET /api/v1/stats."))


async def _name(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Request-Id"] = request_id.next_id()
    response.headers["X-Content-Type-Options"] = "nosniff"


async def _let_go(app: web.Application) -> None:
    """Whoever follows events live would never go by himself."""
    app[SERVICE].feeds.close()


async def _close(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[SERVICE].close()


async def _stand(app: web.Application) -> AsyncIterator[None]:
    service = app[SERVICE]
    watching = asyncio.get_running_loop().create_task(standing.watch(service.redis, service.freshness))
    yield
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def _psql(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The other way in for questions, beside HTTP."""

    async def serve(app: web.Application) -> AsyncIterator[None]:
        server = Server(app[SERVICE], settings)
        await server.start()
        yield
        await server.close()

    return serve
