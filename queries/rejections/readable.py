"""Readable: what rejected bytes say, as far as they can be decoded, for people. Never raises."""

import json
from typing import Any

import msgspec

from ingest_api import frame
from ingest_api.event import Event

#: a frame that unpacks to more is not looked into: it may be what killed a worker
MAX_UNPACKED = 1024 * 1024
#: events of a frame that are shown
MAX_EVENTS = 5

_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_anything = msgspec.msgpack.Decoder().decode
#: text that is not UTF-8 is not an error of msgspec's own
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def readable(kind: str, raw: bytes) -> Any:
    """An event as an object, a frame as a list of its first events; None where nothing can be told."""
    if kind == "event":
        return _event(raw)
    try:
        rows = frame.split(raw, MAX_UNPACKED)
    except frame.BadFrame:
        return None
    return [_event(row) for row in rows[:MAX_EVENTS]]


def _event(row: bytes) -> Any:
    """Field by field: one that cannot be decoded must not hide its neighbours."""
    try:
        fields = _split(row)
    except _UNREADABLE:
        return {"hex": row.hex()}
    names = Event.__struct_fields__
    told = {name: _field(name, bytes(field)) for name, field in zip(names, fields, strict=False)}
    if more := fields[len(names) :]:
        told["more"] = [_field("", bytes(field)) for field in more]
    return {name: value for name, value in told.items() if value != ""}


def _field(name: str, packed: bytes) -> Any:
    try:
        value = _anything(packed)
        if name == "event_id" and isinstance(value, bytes) and len(value) == 16:
            return f"evt_{value.hex()}"
        if name == "properties" and isinstance(value, bytes):
            return _properties(value)
        json.dumps(value)
    except (*_UNREADABLE, TypeError, ValueError):
        return {"hex": packed.hex()}
    return value


def _properties(text: bytes) -> Any:
    """The object that was sent, else its text as far as it is one."""
    try:
        return msgspec.json.decode(text)
    except _UNREADABLE:
        return text.decode(errors="backslashreplace")
