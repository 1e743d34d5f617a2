"""What can still be read of a row that is no event: its id, project and name. Leaf, no I/O."""

from typing import NamedTuple

import msgspec

_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_bytes = msgspec.msgpack.Decoder(bytes).decode
_text = msgspec.msgpack.Decoder(str).decode
#: text that is not UTF-8 is not an error of msgspec's own
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Glimpse(NamedTuple):
    """Empty where it could not be read."""

    event_id: bytes = b""
    project: str = ""
    name: str = ""


def glimpse(raw: bytes) -> Glimpse:
    """Read the first three fields of a row, each for itself."""
    try:
        fields = _split(raw)[:3]
    except _UNREADABLE:
        return Glimpse()
    event_id, project, name = [*fields, *[msgspec.Raw(b"")] * 3][:3]
    return Glimpse(_id(event_id), _read(project), _read(name))


def _id(field: bytes) -> bytes:
    try:
        found = _bytes(field)
    except _UNREADABLE:
        return b""
    return found if len(found) == 16 else b""


def _read(field: bytes) -> str:
    try:
        return _text(field)
    except _UNREADABLE:
        return ""
