"""HTTP bytes -> RawRequest: what came in, whole and unpacked, before anybody asks what it means."""

import asyncio
import codecs
from collections.abc import Mapping
from functools import lru_cache

import msgspec
from aiohttp import hdrs, web

from ingest_api.errors import Reason, Refused
from ingest_api.http.encodings import unpack
from ingest_api.settings import Settings

#: charsets whose every text is UTF-8 as it stands
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}


class RawRequest(msgspec.Struct, gc=False):
    """One request. `body` is complete, unpacked and valid UTF-8."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: str
    body: bytes
    #: Unix milliseconds
    received_at: int
    ip: str
    user_agent: str

    @property
    def content_type(self) -> str:
        """The media type in lower case, without its parameters."""
        return _media_type(self.headers.get("Content-Type", ""))


def arrived(request: web.BaseRequest) -> bytes | None:
    """The body as it was sent, when all of it is here: the usual case, in one piece with the headers.

    Raises `Refused` when its own headers say that it is not UTF-8.
    """
    header = request._message.headers.get(hdrs.CONTENT_TYPE)
    if header is not None and not _utf_8(header):
        raise Refused(Reason.UNSUPPORTED_CHARSET, "Content-Type names another charset than utf-8.")
    content = request._payload
    return content.read_nowait() if content.is_eof() else None


def unpacked(body: bytes, encoding: str | None, settings: Settings) -> bytes:
    """The body without its Content-Encoding, within the limits and in UTF-8. Raises `Refused`."""
    if len(body) > settings.max_body_bytes:
        raise _too_large(settings)
    if encoding is not None:
        body = unpack(body, encoding, settings)
    if not body.isascii():
        _check_utf_8(body)
    return body


async def read_rest(request: web.BaseRequest, settings: Settings) -> bytes:
    """A body that is still on its way. Raises `Refused` when it is too large, too slow, or ends too early."""
    if (request.content_length or 0) > settings.max_body_bytes:
        raise _too_large(settings)
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout_seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > settings.max_body_bytes:
                    raise _too_large(settings)
    except TimeoutError as error:
        limit = settings.body_timeout_seconds
        raise Refused(Reason.SLOW_BODY, f"The body did not arrive within {limit:g} s.") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Refused(Reason.MALFORMED_BODY, "The body is not complete, or not sent as HTTP has it.") from error
    return bytes(body)


@lru_cache(maxsize=256)
def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def _utf_8(header: str) -> bool:
    """Whether a Content-Type names no charset, or one that UTF-8 contains."""
    for parameter in header.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in _CHARSETS:
            return False
    return True


def _check_utf_8(body: bytes) -> None:
    if body.startswith(codecs.BOM_UTF8):
        raise Refused(Reason.MALFORMED_BODY, "The body begins with a byte order mark; JSON has none.")
    try:
        str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise Refused(Reason.MALFORMED_BODY, f"The body is not UTF-8: byte {error.start} is not valid.") from error


def _too_large(settings: Settings) -> Refused:
    return Refused(Reason.BODY_TOO_LARGE, f"The body is larger than {settings.max_body_bytes} bytes, unpacked.")
