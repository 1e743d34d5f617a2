"""A line of the archive: one event, or what was rejected in its place, as JSON that a person can read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

import msgspec

from ingest_api.event import Event
from workers.batch import Batch, Position, Rejected
from workers.row import DERIVED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
#: a line is a line: between the tokens of JSON a break means as little as a space
_BREAKS = bytes.maketrans(b"\r\n", b"  ")


class BadLine(ValueError):
    """The line is not one that this version can read; the text says why."""


class _Line(msgspec.Struct, tag_field="line", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where it lay in the stream, named as the columns of `events` name it."""

    shard: int = msgspec.field(name="_shard")
    stream_ms: int = msgspec.field(name="_stream_ms")
    stream_seq: int = msgspec.field(name="_stream_seq")
    index: int = msgspec.field(name="_index")


class _EventLine(_Line, tag="event", kw_only=True):
    """The fields of `Event`, in their order; empty ones are left out."""

    event_id: str
    project: str
    name: str
    occurred_at: datetime
    received_at: datetime
    properties: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    dialect: str = ""
    kind: str
    site_id: str = ""
    user_id: str = ""
    client_id: str = ""
    session_id: str = ""
    request_id: str = ""
    url: str = ""
    title: str = ""
    referrer: str = ""
    device_type: str = ""
    language: str = ""
    platform: str = ""
    country: str = ""
    ip: str = ""
    user_agent: str = ""
    #: what the steps found out, by column; empty ones are left out. Lines of older builds say nothing of it
    derived: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    #: instead of `properties`, where they are no JSON: base64
    properties_raw: bytes = b""


class _RejectedLine(_Line, tag="rejected", kw_only=True):
    """The fields of `Rejected`, bytes in base64."""

    reason: str
    raw: bytes
    project: str = ""
    name: str = ""
    kind: Literal["event", "frame"]
    event_id: bytes = b""
    events: int
    skip: bytes = b""


#: what both `Rejected` and its line call by one name
_REJECTED = ("reason", "raw", "project", "name", "kind", "event_id", "events", "skip")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_EventLine | _RejectedLine).decode
_any_json = msgspec.json.Decoder(msgspec.Raw).decode


def encode(batch: Batch) -> list[tuple[Position, bytes]]:
    """The lines of a batch, without their ends, in the order of the stream.

    What a step derived in the place of an event's own field stands there: what is not to be kept is not in the line.
    """
    lines = [(position, _encode(line)) for position, line in zip(batch.positions, _event_lines(batch), strict=True)]
    lines += [(one.position, _encode(_rejected_line(one, batch.shard))) for one in batch.rejected]
    return sorted(lines, key=lambda line: (line[0].ms, line[0].seq, line[0].index))


def add(batch: Batch, line: bytes) -> None:
    """Put what a line holds into a batch of its shard. Raises `BadLine`."""
    try:
        found = _decode(line)
        if found.shard != batch.shard:
            raise BadLine(f"it belongs to shard {found.shard}")
        position = Position(found.stream_ms, found.stream_seq, found.index)
        if isinstance(found, _RejectedLine):
            batch.rejected.append(_rejected(found, position))
            return
        event, derived = _event(found), found.derived
        enriched = derived is not msgspec.UNSET
        if batch.events and batch.enriched != enriched:
            raise BadLine("it is of another format than the lines before it")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadLine(str(error)) from error
    batch.events.append(event)
    batch.positions.append(position)
    batch.enriched = enriched
    if derived is not msgspec.UNSET:
        for name, nothing in DERIVED.items():
            cast("list[Any]", batch.derived.setdefault(name, [])).append(derived.get(name, nothing))


def _event_lines(batch: Batch) -> Iterator[_EventLine]:
    own = {name: values for name, values in batch.derived.items() if name in Event.__struct_fields__}
    found = {name: batch.column(name, nothing) for name, nothing in DERIVED.items()}
    for number, (event, position) in enumerate(zip(batch.events, batch.positions, strict=True)):
        instead = {name: values[number] for name, values in own.items()}
        derived = {name: value for name, values in found.items() if (value := values[number])}
        yield _event_line(event, position, batch.shard, instead, derived)


def _event_line(
    event: Event, position: Position, shard: int, instead: dict[str, Any], derived: dict[str, Any]
) -> _EventLine:
    fields: dict[str, Any] = msgspec.structs.asdict(event) | instead
    digits = event.event_id.hex()  # UUID() would take five times as long, a timedelta three times
    fields["event_id"] = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    fields["occurred_at"] = _moment(event.occurred_at)
    fields["received_at"] = _moment(event.received_at)
    fields |= _properties(fields["properties"])
    return _EventLine(**fields, derived=derived, **_place(position, shard))


def _moment(ms: int) -> datetime:
    seconds, rest = divmod(ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def _properties(properties: bytes) -> dict[str, Any]:
    try:
        properties.decode()
        return {"properties": msgspec.Raw(bytes(_any_json(properties)).translate(_BREAKS))}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {"properties": msgspec.UNSET, "properties_raw": properties}


def _event(line: _EventLine) -> Event:
    fields: dict[str, Any] = {name: getattr(line, name) for name in Event.__struct_fields__}
    fields["event_id"] = UUID(line.event_id).bytes
    fields["occurred_at"] = (line.occurred_at - _EPOCH) // _MS
    fields["received_at"] = (line.received_at - _EPOCH) // _MS
    found = line.properties
    fields["properties"] = bytes(found) if isinstance(found, msgspec.Raw) else line.properties_raw
    return Event(**fields)


def _rejected_line(one: Rejected, shard: int) -> _RejectedLine:
    fields: dict[str, Any] = {name: getattr(one, name) for name in _REJECTED}
    return _RejectedLine(**fields, **_place(one.position, shard))


def _rejected(line: _RejectedLine, position: Position) -> Rejected:
    return Rejected(position, **{name: getattr(line, name) for name in _REJECTED})


def _place(position: Position, shard: int) -> dict[str, Any]:
    return {"shard": shard, "stream_ms": position.ms, "stream_seq": position.seq, "index": position.index}
