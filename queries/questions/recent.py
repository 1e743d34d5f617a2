"""RecentQuery: events in the order in which they arrived, page after page. Leaf, no I/O."""

from dataclasses import dataclass, field

import msgspec

#: without a cursor, events that arrived longer ago are not looked for
LOOK_BACK_MS = 86_400_000

#: field of the answer -> expression; the position is for the cursor and is not shown
COLUMNS: dict[str, str] = {
    "event_id": "concat('evt_', lower(hex(event_id)))",
    "event_type": "name",
    "occurred_at": "formatDateTime(occurred_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')",
    "received_at": "formatDateTime(received_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')",
    "kind": "kind",
    "dialect": "dialect",
    "site_id": "site_id",
    "user_id": "user_id",
    "client_id": "client_id",
    "session_id": "session_id",
    "url": "url",
    "referrer": "referrer",
    "device_type": "device_type",
    "country": "country",
    "properties": "toJSONString(properties)",
    "position": "tuple(_stream_ms, _shard, _stream_seq, _index)",
}


class Cursor(msgspec.Struct, frozen=True):
    """A place in the order of arrival. Written as four numbers with dots between."""

    ms: int
    shard: int
    seq: int
    index: int

    def __str__(self) -> str:
        return f"{self.ms}.{self.shard}.{self.seq}.{self.index}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises `ValueError` for anything that `str` of a cursor never gives."""
        parts = text.split(".")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            raise ValueError("four numbers with dots between, as an earlier answer gave it")
        return cls(*map(int, parts))

    @classmethod
    def before(cls, ms: int) -> "Cursor":
        """Behind everything that arrived before a moment."""
        return cls(ms - 1, 2**16, 2**32, 2**32)


@dataclass(frozen=True, slots=True)
class RecentQuery:
    """Times are Unix milliseconds of arrival in the stream."""

    project: str
    limit: int
    fresh_through: int
    after: Cursor | None = None
    event_type: str = ""
    columns: dict[str, str] = field(default_factory=lambda: COLUMNS)

    @property
    def from_ms(self) -> int:
        """Nothing that arrived earlier is asked for; lets ClickHouse skip parts."""
        return self.after.ms if self.after else self.fresh_through - LOOK_BACK_MS
