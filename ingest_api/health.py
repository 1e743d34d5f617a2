"""Alive and ready."""

from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from ingest_api.front_door import FrontDoor
from ingest_api.http import request_id


async def healthz(_request: web.BaseRequest) -> web.Response:
    """The process answers. Says nothing of what it depends on."""
    return _answer(200, {"status": "alive"})


def readyz(front_door: FrontDoor) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Whether an event could be written now, and if not, why not; with the servers that take none while others do."""

    async def handler(_request: web.BaseRequest) -> web.Response:
        problem = await front_door.problem()
        if problem is None:
            notes = {"shedding": front_door.pressure.why, "away": front_door.away}
            return _answer(200, {"status": "ready", **{name: note for name, note in notes.items() if note}})
        return _answer(503, {"status": "not ready", "why": problem}, {"Retry-After": "1"})

    return handler


def _answer(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> web.Response:
    known = {"X-Request-Id": request_id.next_id(), **(headers or {})}
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=known)
