"""Wiring of the front door: which path is taken by which handler.

aiohttp's low-level server and a dict stand in for its Application and router: every path here is a constant, and
that saves 3 µs of each event (docs/performance.md).
"""

from collections.abc import Awaitable

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web

from ingest_api import dialects
from ingest_api.collect import Handler, collector
from ingest_api.front_door import FrontDoor
from ingest_api.health import healthz, readyz
from ingest_api.http.answer import LastAnswer, plain
from ingest_api.http.connection import Server
from ingest_api.http.options import head, options
from ingest_api.traces.traced import Watch
from ingest_api.tracker import tracker

#: path -> method -> handler
Routes = dict[str, dict[str, Handler]]


def routes(front_door: FrontDoor) -> Routes:
    """Every path that the front door takes. `build_server` adds HEAD, OPTIONS and a slash at the end to each."""
    known: Routes = {
        "/healthz": {"GET": healthz},
        "/readyz": {"GET": readyz(front_door)},
        "/tracker.js": {"GET": tracker()},
    }
    watch = Watch(front_door.settings.traces_sample, front_door.settings.traces_per_second)
    for dialect in dialects.load():
        handler, about = collector(front_door, dialect), {"headrace.dialect": dialect.name}
        known |= {path: {"POST": watch.over(handler, "POST", path, about)} for path in dialect.routes}
    return known


def build_server(front_door: FrontDoor) -> Server:
    """The server. Needs a running loop."""
    known = _completed(routes(front_door))

    def dispatch(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        message = request._message  # what the request's own properties give, a call each (docs/performance.md)
        if message.version is not HttpVersion11 and not _old_and_plain(request):
            return _unheard_of()
        methods = known.get(message.path) or known.get(request.rel_url.raw_path)
        if methods is None:
            return _unknown()
        handler = methods.get(message.method)
        return _wrong_method(methods) if handler is None else handler(request)

    return Server(dispatch, front_door.settings)


def _completed(known: Routes) -> Routes:
    completed: Routes = {}
    for path, methods in known.items():
        allowed = [*methods, "HEAD", "OPTIONS"]
        more = {**methods, "HEAD": methods.get("GET") or head(allowed), "OPTIONS": options(allowed)}
        completed |= {path: more, f"{path}/": more}
    return completed


def _old_and_plain(request: web.BaseRequest) -> bool:
    """HTTP/1.0 has no chunks: a proxy of its age would see where the request ends elsewhere than we do."""
    return request.version == HttpVersion10 and hdrs.TRANSFER_ENCODING not in request.headers


async def _unheard_of() -> web.StreamResponse:
    message = "The front door speaks HTTP/1.1, and HTTP/1.0 without Transfer-Encoding."
    return LastAnswer(400, "unsupported_version", message)


async def _unknown() -> web.StreamResponse:
    return plain(404, "not_found", "There is nothing at this path. Events go to POST /v1/events.")


async def _wrong_method(methods: dict[str, Handler]) -> web.StreamResponse:
    allowed = ", ".join(methods)
    return plain(405, "method_not_allowed", f"This path takes {allowed}.", {"Allow": allowed})
