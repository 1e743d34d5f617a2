"""Wiring of the front door: which path is taken by which handler.

aiohttp's low-level server and a dict stand in for its Application and router: every path here is a constant, and
that saves 3 µs of each event (docs/performance.md).
"""

from collections.abc import Awaitable

from aiohttp import web

from ingest_api import dialects
from ingest_api.collect import Handler, collector
from ingest_api.front_door import FrontDoor
from ingest_api.health import answer, healthz, readyz

#: path -> method -> handler
Routes = dict[str, dict[str, Handler]]


def routes(front_door: FrontDoor) -> Routes:
    """Every path that the front door takes."""
    known: Routes = {"/healthz": {"GET": healthz}, "/readyz": {"GET": readyz(front_door)}}
    for dialect in dialects.load():
        handler = collector(front_door, dialect)
        known |= {path: {"POST": handler} for path in dialect.routes}
    return known


def build_server(front_door: FrontDoor) -> web.Server:
    """The server, with bodies left packed: aiohttp's own unpacking takes a truncated body for a whole one."""
    known = routes(front_door)

    def dispatch(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        methods = known.get(request.rel_url.raw_path)
        if methods is None:
            return _unknown()
        handler = methods.get(request.method)
        return _wrong_method(methods) if handler is None else handler(request)

    settings = front_door.settings
    return web.Server(dispatch, access_log=None, auto_decompress=False, keepalive_timeout=settings.keepalive_seconds)


async def _unknown() -> web.Response:
    message = "There is nothing at this path. Events go to POST /v1/events."
    return answer(404, {"status": "error", "error": "not_found", "message": message})


async def _wrong_method(methods: dict[str, Handler]) -> web.Response:
    allowed = ", ".join(methods)
    message = f"This path takes {allowed}."
    return answer(405, {"status": "error", "error": "method_not_allowed", "message": message}, {"Allow": allowed})
