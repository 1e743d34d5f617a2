"""A batch: what the pending list of a shard holds, decoded. The same entries give the same batch, always."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter
from typing import Any, Literal

import msgspec

from ingest_api import frame, runs
from ingest_api.event import Event
from workers.glimpse import glimpse

#: an entry of the stream as Redis gives it: id, and fields or None when the entry was lost
Entry = tuple[bytes, Sequence[bytes] | None]


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where an event lies: the entry's id in its two halves, and the place in the frame. One for each event."""

    ms: int
    seq: int
    index: int

    @property
    def place(self) -> str:
        """As a verdict names it."""
        return f"{self.ms}-{self.seq}:{self.index}"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that cannot become a row, or a frame of which nothing can."""

    position: Position
    reason: str
    #: what can be put back into a stream: the event's MessagePack row, or the frame; empty when the entry was lost
    raw: bytes
    project: str = ""
    name: str = ""
    kind: Literal["event", "frame"] = "event"
    #: 16 bytes, or empty where it cannot be read
    event_id: bytes = b""
    #: how many events are rejected with it
    events: int = 1
    #: of a frame: the positions that were duplicates, as the entry has them
    skip: bytes = b""

    @property
    def place(self) -> str:
        """As a verdict names it: the event's, or the id of the whole entry."""
        return self.position.place if self.kind == "event" else f"{self.position.ms}-{self.position.seq}"


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose events an entry holds, by its own account, and which positions were duplicates."""

    ms: int
    seq: int
    runs: tuple[runs.Run, ...]
    skip: list[int]


@dataclass(slots=True)
class Batch:
    """Events of one shard on their way to ClickHouse. `events` and `positions` run in step."""

    shard: int
    entry_ids: list[str]
    #: events that the entries claim to hold
    claimed: int = 0
    events: list[Event] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    #: columns that steps derived, in step with `events`; they win over the event's own fields
    derived: dict[str, Sequence[Any]] = field(default_factory=dict)
    #: the columns come from the archive: they were derived once, from more than the archive keeps
    enriched: bool = False
    #: where the events lay that a step found to be in the batch already
    repeated: list[Position] = field(default_factory=list)
    #: where the events lay that are to be forgotten
    erased: list[Position] = field(default_factory=list)
    #: what each entry says of itself; an older front door says nothing
    claims: list[Claim] = field(default_factory=list)
    #: entries (ms, seq) of events that were rejected before and put back by hand
    redriven: set[tuple[int, int]] = field(default_factory=set)

    @property
    def span(self) -> str:
        """Names the batch: the deduplication token is made of it."""
        return span(self.entry_ids)

    def keep(self, wanted: Sequence[bool]) -> None:
        """Drop the events that are not wanted, and what was derived of them."""
        self.events = list(compress(self.events, wanted))
        self.positions = list(compress(self.positions, wanted))
        self.derived = {name: list(compress(values, wanted)) for name, values in self.derived.items()}

    def column(self, name: str, nothing: object = "") -> Sequence[Any]:
        """A column: as a step derived it, else as the events have it, else `nothing` for each."""
        if name in self.derived:
            return self.derived[name]
        if name in Event.__struct_fields__:
            return list(map(attrgetter(name), self.events))
        return [nothing] * len(self.events)


def span(entry_ids: Sequence[str]) -> str:
    """Names a batch by its entries alone."""
    return f"{entry_ids[0]}:{entry_ids[-1]}:{len(entry_ids)}"


def decode(shard: int, entries: Sequence[Entry], aside: Mapping[str, str] | None = None) -> Batch:
    """Entries -> batch. What cannot be read becomes a rejected row, never an exception.

    `aside` is what a verdict took out of the batch, place -> reason: it is rejected for that reason, whatever this
    build thinks of it, and a frame named there is not even looked into.
    """
    batch = Batch(shard, [entry_id.decode() for entry_id, _ in entries])
    for entry_id, (_, flat) in zip(batch.entry_ids, entries, strict=True):
        ms, seq = (int(half) for half in entry_id.split("-"))
        if flat is None:
            lost = "lost: the entry vanished from the stream before it was stored; was the stream trimmed by hand?"
            batch.rejected.append(Rejected(Position(ms, seq, 0), lost, b"", kind="frame", events=0))
            continue
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        batch.claimed += _count(fields)
        _decode_entry(batch, ms, seq, fields, aside or {})
    return batch


def _decode_entry(batch: Batch, ms: int, seq: int, fields: dict[bytes, bytes], aside: Mapping[str, str]) -> None:
    packed, flat = fields.get(b"f", b""), fields.get(b"s", b"")
    skip = [int.from_bytes(flat[i : i + 2], "big") for i in range(0, len(flat), 2)]
    claim = Claim(ms, seq, (), skip)
    if b"r" in fields:
        batch.redriven.add((ms, seq))
    with contextlib.suppress(ValueError):  # a frame's ownership is for the books; its events are stored without, too
        claim = Claim(ms, seq, runs.decode(fields[b"p"]) if b"p" in fields else (), skip)
        batch.claims.append(claim)
    reason = aside.get(f"{ms}-{seq}", "")
    try:
        rows = [] if reason else frame.decode(packed)
    except frame.BadFrame as error:
        reason = f"frame: {error}"
    if reason:
        owners = {project for project, _ in claim.runs}
        owner = owners.pop() if len(owners) == 1 else ""
        whole = Position(ms, seq, 0)
        rejected = Rejected(whole, reason, packed, owner, "", "frame", events=_count(fields), skip=flat)
        batch.rejected.append(rejected)
        return
    skipped = set(skip)
    for index, row in enumerate(rows):
        if index in skipped:
            continue
        position = Position(ms, seq, index)
        reason = aside.get(position.place, "") if aside else ""
        if isinstance(row, frame.BadEvent):
            batch.rejected.append(_unreadable(position, reason or f"event: {row.reason}", row.raw))
        elif reason:
            batch.rejected.append(set_aside(row, position, reason))
        else:
            batch.events.append(row)
            batch.positions.append(position)


def _count(fields: Mapping[bytes, bytes]) -> int:
    """How many events an entry says it holds; one that says nonsense holds none that are counted."""
    said = fields.get(b"n", b"")
    return int(said) if said.isdigit() else 0


def set_aside(event: Event, position: Position, reason: str) -> Rejected:
    """An event that was read and cannot become a row all the same."""
    event_id = event.event_id if len(event.event_id) == 16 else b""
    raw = msgspec.msgpack.encode(event)
    return Rejected(position, reason, raw, event.project, event.name, event_id=event_id)


def _unreadable(position: Position, reason: str, raw: bytes) -> Rejected:
    seen = glimpse(raw)
    return Rejected(position, reason, raw, seen.project, seen.name, event_id=seen.event_id)
