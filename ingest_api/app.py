"""Wiring of the front door: routes, start and stop. No logic."""

from collections.abc import AsyncIterator

from aiohttp import web

from ingest_api import dialects
from ingest_api.collect import collector
from ingest_api.front_door import FrontDoor
from ingest_api.health import healthz, readyz, unknown
from ingest_api.settings import Settings

FRONT_DOOR = web.AppKey("front_door", FrontDoor)


def build_app(settings: Settings) -> web.Application:
    """The application. Run it with `auto_decompress=False`: a truncated body must not pass for a whole one."""
    app = web.Application(client_max_size=settings.max_body_bytes)
    front_door = app[FRONT_DOOR] = FrontDoor(settings)
    spoken = dialects.load()
    for dialect in spoken:
        handler = collector(front_door, dialect)
        app.router.add_routes([web.post(route, handler) for route in dialect.routes])
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz(front_door))
    app.router.add_route("*", "/{path:.*}", unknown({route for dialect in spoken for route in dialect.routes}))
    app.cleanup_ctx.append(_run_front_door)
    return app


async def _run_front_door(app: web.Application) -> AsyncIterator[None]:
    app[FRONT_DOOR].start()
    yield
    await app[FRONT_DOOR].stop()
