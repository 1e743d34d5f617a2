"""Compressed bodies: requests decoded whole or refused, answers encoded as the client asked."""

import zlib
from collections.abc import Callable
from typing import Any

import lz4.frame  # type: ignore[import-untyped]  # the package ships no types

from deploy.local.clickhouse.exceptions import Code, refused
from ingest_api import zstd

_STEP = 256 * 1024  # bytes fed at a time: bounds how far one step can overshoot the limit

# Each makes a decoder of one frame, with the interface of zlib's: decompress, eof, unused_data.
_DECODERS: dict[str, tuple[Callable[[], Any], Code]] = {
    "lz4": (lz4.frame.LZ4FrameDecompressor, Code.LZ4_DECODER_FAILED),
    "zstd": (zstd.ZstdDecompressor, Code.ZSTD_DECODER_FAILED),
    "gzip": (lambda: zlib.decompressobj(wbits=31), Code.ZLIB_INFLATE_FAILED),
    "deflate": (zlib.decompressobj, Code.ZLIB_INFLATE_FAILED),
}
# In order of preference: on loopback the cheapest wins.
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": lambda body: zstd.compress(body, 1),
    "gzip": lambda body: zlib.compress(body, level=1, wbits=31),
    "deflate": lambda body: zlib.compress(body, level=1),
}


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """Decode every frame of a body; clients send several, one after the other.

    Raises a 400 for a damaged or cut frame or for anything after the last one, a 413 beyond `limit` decoded bytes
    and a 501 for an unknown encoding.
    """
    if not body or encoding in {"", "identity"}:
        return body
    if encoding not in _DECODERS:
        known = ", ".join(_DECODERS)
        raise refused(Code.NOT_IMPLEMENTED, f"Unknown Content-Encoding {encoding!r}, send one of {known}")
    make, code = _DECODERS[encoding]
    source, position, size, decoded = memoryview(body), 0, 0, []
    while position < len(source):
        decoder = make()
        while not decoder.eof:
            step = source[position : position + _STEP]
            if not step:
                raise refused(code, f"The {encoding} body ends in the middle of a frame, after {len(body)} bytes")
            try:
                part = decoder.decompress(step)
            except (RuntimeError, zlib.error, zstd.ZstdError) as error:
                where = f"between bytes {position} and {position + len(step)}"
                raise refused(code, f"The {encoding} body is damaged {where}: {error}") from None
            position, size = position + len(step), size + len(part)
            if size > limit:
                raise refused(Code.QUERY_IS_TOO_LARGE, f"The body is larger than {limit} bytes when decoded")
            decoded.append(part)
        position -= len(decoder.unused_data or b"")
    return b"".join(decoded)


def choose(accepted: str) -> str | None:
    """The encoding of an answer to a client that sent this Accept-Encoding, None for a plain one."""
    offers = [offer.replace(" ", "").partition(";") for offer in accepted.lower().split(",")]
    wanted = {name for name, _, weight in offers if weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}}
    return next((name for name in _ENCODERS if name in wanted), None)


def encode(body: bytes, encoding: str) -> bytes:
    """Encode an answer as one frame of an encoding that `choose` gave."""
    return _ENCODERS[encoding](body)
