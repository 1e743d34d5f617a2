"""Wiring of the query service: routes, errors, start and stop."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import orjson
from aiohttp import web
from redis.exceptions import RedisError

from ingest_api.projects import Project
from ingest_api.stream import InstallMismatch
from queries import answer, telemetry
from queries.errors import Refused, StoreUnavailable
from queries.service import QueryService
from queries.settings import Settings
from queries.sql import Statement

log = logging.getLogger(__name__)

SERVICE = web.AppKey("service", QueryService)
Question = Callable[[Project, Mapping[str, str]], Awaitable[dict[str, object]]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_AWAY = "The answer cannot be had now. Ask again in a moment."


def build_app(settings: Settings) -> web.Application:
    """The application."""
    app = web.Application()
    service = app[SERVICE] = QueryService(settings)
    app.router.add_get("/api/v1/stats", _asks(service, service.stats))
    app.router.add_get("/api/v1/events", _asks(service, service.events))
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/", _index)
    app.router.add_route("*", "/{path:.*}", _unknown)
    app.cleanup_ctx.append(_close)
    return app


def _asks(service: QueryService, question: Question) -> Handler:
    """A route that answers the owner of a query key."""

    async def handler(request: web.Request) -> web.Response:
        started = time.perf_counter()
        try:
            project = await service.project(request.headers.get("Authorization", ""))
            response = _json(200, await question(project, request.query))
        except Refused as refused:
            response = _json(refused.status, answer.error(refused.status, refused.message))
        except (StoreUnavailable, RedisError, OSError, InstallMismatch) as error:
            log.warning("cannot answer", extra={"action": "query", "why": str(error)})
            response = _json(503, answer.error(503, _AWAY), {"Retry-After": "1"})
        except Exception:
            log.exception("a question failed", extra={"action": "query"})
            response = _json(500, answer.error(500, "Something failed here; it is in the log."))
        route = question.__name__
        telemetry.REQUESTS.labels(route, response.status).inc()
        telemetry.SECONDS.labels(route).observe(time.perf_counter() - started)
        return response

    return handler


async def _healthz(_request: web.Request) -> web.Response:
    return _json(200, {"status": "alive"})


async def _readyz(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    try:
        await service.store.rows(Statement("SELECT 1"))
        await service.freshness.read()
    except (StoreUnavailable, Refused) as error:
        return _json(503, {"status": "not ready", "why": f"ClickHouse: {error}"}, {"Retry-After": "1"})
    except (RedisError, OSError, InstallMismatch) as error:
        return _json(503, {"status": "not ready", "why": f"Redis: {error}"}, {"Retry-After": "1"})
    return _json(200, {"status": "ready"})


async def _index(_request: web.Request) -> web.Response:
    return _json(200, {"service": "headrace", "send": "POST /v1/events", "ask": "GET /api/v1/stats"})


async def _unknown(request: web.Request) -> web.Response:
    if any(resource.canonical == request.path for resource in request.app.router.resources()):
        return _json(405, answer.error(405, "This path takes GET."), {"Allow": "GET"})
    return _json(404, answer.error(404, "There is nothing at this path. Questions go to GET /api/v1/stats."))


def _json(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


async def _close(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[SERVICE].close()
