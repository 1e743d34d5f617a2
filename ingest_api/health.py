"""Alive and ready, and the answers to paths that nobody takes."""

from collections.abc import Collection

import orjson
from aiohttp import web

from ingest_api.collect import Handler
from ingest_api.front_door import FrontDoor


def _json(status: int, answer: dict[str, object], headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(answer), content_type="application/json", headers=headers)


async def healthz(_request: web.Request) -> web.Response:
    """The process answers. Says nothing of what it depends on."""
    return _json(200, {"status": "alive"})


def readyz(front_door: FrontDoor) -> Handler:
    """Whether an event could be written now, and if not, why not."""

    async def handler(_request: web.Request) -> web.Response:
        problem = await front_door.problem()
        if problem is None:
            return _json(200, {"status": "ready"})
        return _json(503, {"status": "not ready", "why": problem}, {"Retry-After": "1"})

    return handler


def unknown(known: Collection[str]) -> Handler:
    """404 for an unknown path, 405 for a known path with another method."""

    async def handler(request: web.Request) -> web.Response:
        if request.path in known:
            message = f"{request.method} is not taken here; use POST."
            return _json(405, {"status": "error", "error": "method_not_allowed", "message": message}, {"Allow": "POST"})
        message = "There is nothing at this path. Events go to POST /v1/events."
        return _json(404, {"status": "error", "error": "not_found", "message": message})

    return handler
