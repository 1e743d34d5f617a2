"""OPTIONS and HEAD on every path: what may be sent there, and what CORS asks before a browser sends it."""

import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import hdrs, web

from ingest_api.http import request_id

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

#: names of headers, as RFC 9110 spells a token, and not too many of them
_NAMES = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}){0,63}")
#: for browsers that do not say which headers they will send
_USUAL = "Authorization, Content-Type, Content-Encoding, Idempotency-Key"


def options(methods: Iterable[str]) -> Handler:
    """The answer to OPTIONS. Any page may ask: which origins a project takes events from is checked with its key."""
    allowed = ", ".join(methods)

    async def handler(request: web.BaseRequest) -> web.Response:
        headers = {"Allow": allowed, "X-Request-Id": request_id.next_id()}
        if hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
            wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "").strip()
            headers |= {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": wanted if _NAMES.fullmatch(wanted) else _USUAL,
                "Access-Control-Max-Age": "86400",
            }
        return web.Response(status=204, headers=headers)

    return handler


def head(methods: Iterable[str]) -> Handler:
    """The answer to HEAD where there is nothing to GET: the path is there, and takes these methods."""
    allowed = ", ".join(methods)

    async def handler(_request: web.BaseRequest) -> web.Response:
        headers = {"Allow": allowed, "X-Request-Id": request_id.next_id()}
        return web.Response(status=200, content_type="application/json", headers=headers)

    return handler
