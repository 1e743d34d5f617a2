"""HTTP bytes -> RawRequest: what came in, whole and unpacked, before anybody asks what it means."""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from aiohttp import web

from ingest_api import zstd
from ingest_api.errors import Reason, Refused
from ingest_api.settings import Settings


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
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def arrived(request: web.BaseRequest) -> bytes | None:
    """The body as it was sent, when all of it is here: the usual case, in one piece with the headers."""
    content = request.content
    return content.read_nowait() if content.is_eof() else None


def unpacked(body: bytes, encoding: str | None, settings: Settings) -> bytes:
    """The body without its Content-Encoding, within the limit and in UTF-8. Raises `Refused`."""
    if len(body) > settings.max_body_bytes:
        raise _too_large(settings)
    if encoding is not None:
        body = _unpack(body, encoding, settings)
    try:
        str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise Refused(Reason.MALFORMED_BODY, f"The body is not UTF-8: byte {error.start} is not valid.") from error
    return body


async def read_rest(request: web.BaseRequest, settings: Settings) -> bytes:
    """A body that is still on its way. Raises `Refused` when it is too large, too slow, or ends too early."""
    if (request.content_length or 0) > settings.max_body_bytes:
        raise _too_large(settings)
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
        raise Refused(Reason.MALFORMED_BODY, f"The body is not complete: {error}") from error
    return bytes(body)


def _unpack(body: bytes, encoding: str, settings: Settings) -> bytes:
    name = encoding.strip().lower()
    unpack = _UNPACK.get(name)
    if unpack is None:
        known = ", ".join(sorted(_UNPACK))
        raise Refused(Reason.UNSUPPORTED_ENCODING, f"Content-Encoding is not one of: {known}.")
    try:
        return unpack(body, settings.max_body_bytes)
    except OverflowError as error:
        raise _too_large(settings) from error
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise Refused(Reason.MALFORMED_ENCODING, f"The body is not one complete {name} stream: {error}") from error


class _Unpacking(Protocol):
    """What zlib's and zstd's incremental unpackers share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _whole(unpacking: _Unpacking, body: bytes, limit: int) -> bytes:
    unpacked = unpacking.decompress(body, limit + 1)
    if len(unpacked) > limit:
        raise OverflowError
    if not unpacking.eof:
        raise EOFError("it ends too early.")
    if unpacking.unused_data:
        raise EOFError("bytes follow its end.")
    return unpacked


_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": lambda body, _limit: body,
    "gzip": lambda body, limit: _whole(zlib.decompressobj(31), body, limit),
    "deflate": lambda body, limit: _whole(zlib.decompressobj(15), body, limit),
    "zstd": lambda body, limit: _whole(zstd.ZstdDecompressor(), body, limit),
}


def _too_large(settings: Settings) -> Refused:
    return Refused(Reason.BODY_TOO_LARGE, f"The body is larger than {settings.max_body_bytes} bytes, unpacked.")
