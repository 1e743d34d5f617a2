"""Stream entries and batches for tests: the smallest that are right."""

from typing import Any

from ingest_api import frame
from ingest_api.event import Event
from workers.batch import Batch, Entry, decode


def event(number: int = 0, **fields: Any) -> Event:
    """An event of the project `demo`; another number makes another id."""
    known = {
        "event_id": number.to_bytes(16, "big"),
        "project": "demo",
        "name": "page_view",
        "occurred_at": 1_795_000_000_000 + number,
        "received_at": 1_795_000_000_500 + number,
    }
    return Event(**{**known, **fields})


def entry(entry_id: str, events: list[Event], skip: bytes = b"") -> Entry:
    """An entry as Redis gives it back."""
    packed, size = frame.encode(events)
    fields = [b"f", packed, b"n", b"%d" % (len(events) - len(skip) // 2), b"b", b"%d" % size]
    return entry_id.encode(), [*fields, *([b"s", skip] if skip else [])]


def batch(events: list[Event]) -> Batch:
    """A batch of one entry."""
    return decode(3, [entry("1000-0", events)])
