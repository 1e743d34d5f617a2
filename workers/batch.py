"""A batch: what the pending list of a shard holds, decoded. The same entries give the same batch, always."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest_api import frame
from ingest_api.event import Event

#: an entry of the stream as Redis gives it: id, and fields or None when the entry was lost
Entry = tuple[bytes, Sequence[bytes] | None]


@dataclass(frozen=True, slots=True)
class Position:
    """Where an event lies: the entry's id in its two halves, and the place in the frame."""

    ms: int
    seq: int
    index: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that cannot become a row."""

    position: Position
    reason: str
    raw: bytes
    project: str = ""
    name: str = ""


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
    #: columns that steps derived, in step with `events`
    derived: dict[str, list[str]] = field(default_factory=dict)
    #: events that a step found to be in the batch already
    repeated: int = 0

    @property
    def span(self) -> str:
        """Names the batch: the deduplication token is made of it."""
        return f"{self.entry_ids[0]}:{self.entry_ids[-1]}:{len(self.entry_ids)}"

    def keep(self, wanted: Sequence[bool]) -> None:
        """Drop the events that are not wanted. Only before columns are derived."""
        self.events = [event for event, keep in zip(self.events, wanted, strict=True) if keep]
        self.positions = [position for position, keep in zip(self.positions, wanted, strict=True) if keep]


def decode(shard: int, entries: Sequence[Entry]) -> Batch:
    """Entries -> batch. What cannot be read becomes a rejected row, never an exception."""
    batch = Batch(shard, [entry_id.decode() for entry_id, _ in entries])
    for entry_id, (_, flat) in zip(batch.entry_ids, entries, strict=True):
        ms, seq = (int(half) for half in entry_id.split("-"))
        if flat is None:
            lost = "the entry vanished from the stream before it was stored; was the stream trimmed by hand?"
            batch.rejected.append(Rejected(Position(ms, seq, 0), lost, b""))
            continue
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        batch.claimed += int(fields.get(b"n", 0))
        _decode_entry(batch, ms, seq, fields)
    return batch


def _decode_entry(batch: Batch, ms: int, seq: int, fields: dict[bytes, bytes]) -> None:
    packed = fields.get(b"f", b"")
    try:
        rows = frame.decode(packed)
    except frame.BadFrame as error:
        batch.rejected.append(Rejected(Position(ms, seq, 0), f"frame: {error}", packed))
        return
    skip = fields.get(b"s", b"")
    skipped = {int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)}
    for index, row in enumerate(rows):
        if index in skipped:
            continue
        position = Position(ms, seq, index)
        if isinstance(row, frame.BadEvent):
            batch.rejected.append(Rejected(position, f"event: {row.reason}", row.raw))
        else:
            batch.events.append(row)
            batch.positions.append(position)
