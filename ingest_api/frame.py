"""The frame codec: many events in one stream entry.

Layout: one version byte, one byte for the packing (`r` raw, `z` zstd), then a MessagePack array of events.
Compression pays from a few hundred bytes on: a realistic frame of 500 events shrinks about fivefold at level 1.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ingest_api import zstd
from ingest_api.event import Event

VERSION = 1
#: below this many bytes zstd's own header eats the gain
COMPRESS_FROM = 512
#: below this many bytes level -1 takes half the time of level 1 and gives 6 % more; above, it saves little
QUICK_BELOW = 16 * 1024
#: a frame never unpacks to more than this; a larger claim is corruption, not data
MAX_UNPACKED = 256 * 1024 * 1024
#: text that is not UTF-8 is not an error of msgspec's own
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_decode_events = msgspec.msgpack.Decoder(list[Event]).decode
_decode_each = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_one = msgspec.msgpack.Decoder(Event).decode
_quick, _thorough = zstd.ZstdCompressor(level=-1), zstd.ZstdCompressor(level=1)

_RAW = bytes((VERSION,)) + b"r"
_ZSTD = bytes((VERSION,)) + b"z"


#: an event as it lies in a frame
row: Callable[[Event], bytes] = msgspec.msgpack.Encoder().encode


class BadFrame(ValueError):
    """The bytes are not a frame that this version can read; the text says why."""


class BadEvent(msgspec.Struct, frozen=True):
    """One row of an otherwise good frame that is not an event: its position, its bytes and the reason."""

    index: int
    raw: bytes
    reason: str


def split(frame: bytes, limit: int) -> list[bytes]:
    """The rows of a frame as they are. Raises `BadFrame` also when they would take more bytes than `limit`."""
    try:
        return [bytes(row) for row in _decode_each(_rows(frame, limit))]
    except _UNREADABLE as error:
        raise BadFrame(f"MessagePack: {error}") from error


def encode(events: Iterable[Event]) -> tuple[bytes, int]:
    """Pack events into a frame. Returns what `encode_rows` does."""
    return encode_rows([row(event) for event in events])


def encode_rows(rows: Sequence[bytes]) -> tuple[bytes, int]:
    """Pack rows as they are, good or bad. Returns what `pack` does."""
    return pack(_head(len(rows)) + b"".join(rows))


def pack(array: bytes) -> tuple[bytes, int]:
    """An array of rows as a frame. Returns it and the size of the array, in bytes."""
    if len(array) < COMPRESS_FROM:
        return _RAW + array, len(array)
    compressor = _quick if len(array) < QUICK_BELOW else _thorough
    return _ZSTD + compressor.compress(array, zstd.ZstdCompressor.FLUSH_FRAME), len(array)


def decode(frame: bytes) -> list[Event | BadEvent]:
    """Unpack a frame. A row that is not an event comes back as `BadEvent` in its place.

    Raises `BadFrame` when nothing of it can be read.
    """
    rows = _rows(frame)
    try:
        return _decode_events(rows)  # type: ignore[return-value]  # list[Event] is one case of the union
    except _UNREADABLE:
        return _decode_row_by_row(rows)


def find(frame: bytes, event_id: bytes) -> list[tuple[int, Event]]:
    """The events of this id in a frame and where they lie. Decodes only a frame that has the bytes anywhere.

    Raises `BadFrame` as `decode` does.
    """
    if event_id not in _rows(frame):
        return []
    rows = enumerate(decode(frame))
    return [(index, row) for index, row in rows if isinstance(row, Event) and row.event_id == event_id]


def event(row: bytes) -> Event | None:
    """One row of a frame; None when it is no event."""
    try:
        return _decode_one(row)
    except _UNREADABLE:
        return None


def _head(count: int) -> bytes:
    """What begins an array of so many in MessagePack."""
    if count < 1 << 4:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big") if count < 1 << 16 else b"\xdd" + count.to_bytes(4, "big")


def _rows(frame: bytes, limit: int = MAX_UNPACKED) -> bytes:
    if len(frame) < 3 or frame[0] != VERSION:
        raise BadFrame(f"frame version {frame[0] if frame else 'missing'}; this build reads version {VERSION}")
    packing, body = frame[1:2], frame[2:]
    if packing == b"r":
        return body
    if packing != b"z":
        raise BadFrame(f"unknown packing {packing!r}")
    unpacking = zstd.ZstdDecompressor()
    try:
        rows = unpacking.decompress(body, limit)
    except zstd.ZstdError as error:
        raise BadFrame(f"zstd: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise BadFrame("zstd: the frame is cut off, too large, or followed by other bytes")
    return rows


def _decode_row_by_row(rows: bytes) -> list[Event | BadEvent]:
    try:
        raws = _decode_each(rows)
    except _UNREADABLE as error:
        raise BadFrame(f"MessagePack: {error}") from error
    events: list[Event | BadEvent] = []
    for index, raw in enumerate(raws):
        try:
            events.append(_decode_one(raw))
        except _UNREADABLE as error:
            events.append(BadEvent(index, bytes(raw), str(error)))
    return events
