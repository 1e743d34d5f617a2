"""Content-Encoding, taken off: one complete stream, no longer than the limits allow."""

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types

from ingest_api import zstd
from ingest_api.errors import Reason, Refused
from ingest_api.settings import Settings

#: `max_ratio` is asked only of bodies that unpack to more: small ones are often nothing but repetition
_FREE_BYTES = 64 * 1024
#: what RFC 9659 lets a zstd body ask of its reader: a window of 8 MB. The number is zstd's own for `windowLogMax`
_ZSTD_OPTIONS = {100: 23}


def unpack(body: bytes, encoding: str, settings: Settings) -> bytes:
    """The body as it was before it was packed. Raises `Refused`."""
    name = encoding.strip().lower()
    unpacking = _UNPACK.get(name)
    if unpacking is None:
        raise Refused(Reason.UNSUPPORTED_ENCODING, f"Content-Encoding must be one of: {', '.join(sorted(_UNPACK))}.")
    by_ratio = max(_FREE_BYTES, settings.max_ratio * len(body))
    try:
        return unpacking(body, min(by_ratio, settings.max_body_bytes))
    except OverflowError as error:
        if by_ratio < settings.max_body_bytes:
            message = f"The body unpacks to more than {settings.max_ratio} times its size."
        else:
            message = f"The body is larger than {settings.max_body_bytes} bytes, unpacked."
        raise Refused(Reason.BODY_TOO_LARGE, message) from error
    except (zlib.error, zstd.ZstdError, brotli.error, EOFError) as error:
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


def _deflate(body: bytes, limit: int) -> bytes:
    """With zlib's two bytes in front, as the standard has it, or without, as some clients send it."""
    wrapped = len(body) > 1 and body[0] & 15 == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    return _whole(zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS), body, limit)


def _brotli(body: bytes, limit: int) -> bytes:
    unpacking = brotli.Decompressor()  # refuses what follows the end by itself
    unpacked: bytes = unpacking.process(body, output_buffer_limit=limit + 1)
    while len(unpacked) <= limit and not unpacking.is_finished():
        more: bytes = unpacking.process(b"", output_buffer_limit=limit + 1 - len(unpacked))
        if not more:
            raise EOFError("it ends too early.")
        unpacked += more
    if len(unpacked) > limit:
        raise OverflowError
    return unpacked


_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": lambda body, _limit: body,
    "gzip": lambda body, limit: _whole(zlib.decompressobj(16 + zlib.MAX_WBITS), body, limit),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": lambda body, limit: _whole(zstd.ZstdDecompressor(None, _ZSTD_OPTIONS), body, limit),
}
