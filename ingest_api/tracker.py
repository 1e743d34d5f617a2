"""GET /tracker.js: the browser's script, read once when the front door starts, packed in advance."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
from aiohttp import hdrs, web

from ingest_api.http import request_id
from ingest_api.http.answer import plain

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

#: where `make assets` puts it
BUILT = Path(__file__).parent / "assets" / "tracker.js"

#: any page may load it and ask what it is; a page that has an older one takes the newer within the hour
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
_MISSING = "The tracker is not built here. `make assets` builds it (it needs Node); then start the front door again."
#: `br`, `gzip;q=0.5`: a coding, and its weight where it has one
_CODING = re.compile(r"\s*([a-z*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Copy:
    """The script in one encoding, and the tag that names exactly these bytes."""

    encoding: str
    body: bytes
    etag: str


def tracker(file: Path = BUILT) -> Handler:
    """The handler of the script as it is now. Without the file it says how the file is made."""
    try:
        copies = packed(file.read_bytes())
    except OSError:
        return _missing

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        copy = chosen(copies, request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        headers = {**_HEADERS, "ETag": f'"{copy.etag}"', "X-Request-Id": request_id.next_id()}
        if copy.encoding:
            headers["Content-Encoding"] = copy.encoding
        known = request.if_none_match or ()
        if any(tag.value in {copy.etag, "*"} for tag in known):
            return web.Response(status=304, headers=headers)
        return web.Response(body=copy.body, content_type="text/javascript", charset="utf-8", headers=headers)

    return handler


def packed(script: bytes) -> tuple[Copy, ...]:
    """The copies, the smallest first; the last is the script itself."""
    digest = hashlib.sha256(script).hexdigest()[:16]
    return (
        Copy("br", brotli.compress(script, quality=11), f"{digest}-br"),
        Copy("gzip", gzip.compress(script, 9, mtime=0), f"{digest}-gzip"),
        Copy("", script, digest),
    )


def chosen(copies: tuple[Copy, ...], accepted: str) -> Copy:
    """The smallest copy that an Accept-Encoding allows; the script itself when it says nothing that can be read."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        found = _CODING.fullmatch(part)
        if found:
            weights[found[1].lower()] = float(found[2] or 1)
    return next((copy for copy in copies if weights.get(copy.encoding, weights.get("*", 0)) > 0), copies[-1])


async def _missing(_request: web.BaseRequest) -> web.StreamResponse:
    return plain(404, "not_built", _MISSING, {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"})
