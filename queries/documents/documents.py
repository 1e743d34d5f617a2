"""GET /openapi.json and GET /reference: bytes made once, and known again by their ETag."""

import hashlib
from functools import cache

import orjson
from aiohttp import web

from queries.documents import openapi, reference
from queries.handler import Handler
from queries.routes import ROUTES

#: a browser asks again after this; most of the time it hears 304
_CACHE = "public, max-age=300"


def documents() -> dict[str, Handler]:
    """Path -> handler."""
    machines, people = _bodies()
    policy = {"Content-Security-Policy": reference.POLICY}
    return {
        "/openapi.json": _serving(machines, "application/json", {}),
        "/reference": _serving(people, "text/html", policy),
    }


@cache
def _bodies() -> tuple[bytes, bytes]:
    """For machines, for people. They are the same for every application of a process."""
    found = openapi.document(ROUTES)
    return orjson.dumps(found), reference.page(found).encode()


def _serving(body: bytes, kind: str, headers: dict[str, str]) -> Handler:
    tag = hashlib.sha256(body).hexdigest()[:32]
    sent = {
        **headers,
        "Cache-Control": _CACHE,
        "ETag": f'"{tag}"',
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
    }

    async def handle(request: web.Request) -> web.StreamResponse:
        known = request.if_none_match or ()
        if any(one.value in {tag, "*"} for one in known):
            return web.Response(status=304, headers=sent)
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=sent)

    return handle
