"""Alive and ready."""

import orjson
from aiohttp import web

from ingest_api.collect import Handler
from ingest_api.front_door import FrontDoor


def answer(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> web.Response:
    """A small answer in JSON."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


async def healthz(_request: web.BaseRequest) -> web.Response:
    """The process answers. Says nothing of what it depends on."""
    return answer(200, {"status": "alive"})


def readyz(front_door: FrontDoor) -> Handler:
    """Whether an event could be written now, and if not, why not."""

    async def handler(_request: web.BaseRequest) -> web.Response:
        problem = await front_door.problem()
        if problem is None:
            return answer(200, {"status": "ready"})
        return answer(503, {"status": "not ready", "why": problem}, {"Retry-After": "1"})

    return handler
