"""The web page over HTTP: one document for every view, files that a browser keeps for ever, and what it lets in."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from queries.errors import Refused
from queries.handler import Handler, error
from queries.web import built
from queries.web.built import Asset

#: names of the views; the first is where `/app/` leads by itself
VIEWS = (
    *("overview", "events", "funnel", "retention", "paths", "users", "rejected", "pipeline", "settings"),
    *("sign-in", "share"),
)
#: nothing but the page's own files, and nobody may put it into a frame
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_NOT_BUILT = b"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Headrace: the page is not built</title></head>
<body><main><h1>The page is not built</h1>
<p>The service runs, and answers over HTTP and SQL. Its web page is made by a command: run <code>make assets</code>
in the folder of the project, then start the service again.</p>
<p><a href="/reference">What can be asked over HTTP</a></p></main></body></html>
"""


def pages(folder: Path = built.FOLDER) -> dict[str, Handler]:
    """Path -> handler. The files are read now, and not again."""
    found = built.read(folder)
    index = found.pop(built.INDEX, None)
    view = _serving(index, "no-cache") if index else _missing
    named = {name: _serving(asset, "public, max-age=31536000, immutable") for name, asset in found.items()}

    async def asset(request: web.Request) -> web.StreamResponse:
        handle = named.get(request.match_info["name"])
        return await handle(request) if handle else error(Refused(404, "There is no such file of the page."))

    return {"/app": view, **{f"/app/{name}": view for name in VIEWS}, "/app/assets/{name}": asset}


def _serving(asset: Asset, caching: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        form = asset.form(request.headers.get("Accept-Encoding", ""))
        tag = f"{asset.tag}-{form}"
        sent = {**HEADERS, "Cache-Control": caching, "ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
        if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
            return web.Response(status=304, headers=sent)
        sent["Content-Type"] = asset.kind
        if form != "identity":
            sent["Content-Encoding"] = form
        return web.Response(body=asset.forms[form], headers=sent)

    return handle


async def _missing(_request: web.Request) -> web.StreamResponse:
    sent = {**HEADERS, "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8"}
    return web.Response(status=404, body=_NOT_BUILT, headers=sent)
