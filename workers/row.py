"""Event -> row: the only place that knows the columns of `events`, their order and what they hold."""

from collections.abc import Sequence

from ingest_api.event import Event
from workers.batch import Batch, Rejected, set_aside
from workers.fingerprint import fingerprint
from workers.reference import Reference

#: DateTime64(3) is exact between these Unix milliseconds: the years 1900 to 2299
_FIRST_MS, _LAST_MS = -2_208_988_800_000, 10_413_791_999_999

#: column -> ClickHouse type, in the order of an insert; a test compares it with the schema
COLUMNS: dict[str, str] = {
    "event_id": "UUID",
    "project": "LowCardinality(String)",
    "name": "LowCardinality(String)",
    "kind": "LowCardinality(String)",
    "occurred_at": "DateTime64(3, 'UTC')",
    "received_at": "DateTime64(3, 'UTC')",
    "dialect": "LowCardinality(String)",
    "site_id": "LowCardinality(String)",
    "user_id": "String",
    "client_id": "String",
    "session_id": "String",
    "request_id": "String",
    "url": "String",
    "host": "LowCardinality(String)",
    "path": "String",
    "title": "String",
    "referrer": "String",
    "referrer_host": "LowCardinality(String)",
    "device_type": "LowCardinality(String)",
    "language": "LowCardinality(String)",
    "platform": "LowCardinality(String)",
    "country": "LowCardinality(String)",
    "ip": "String",
    "user_agent": "LowCardinality(String)",
    "properties": "JSON",
    "_shard": "UInt16",
    "_stream_ms": "UInt64",
    "_stream_seq": "UInt32",
    "_index": "UInt32",
    "browser": "LowCardinality(String)",
    "browser_version": "LowCardinality(String)",
    "os": "LowCardinality(String)",
    "os_version": "LowCardinality(String)",
    "bot": "LowCardinality(String)",
    "region": "LowCardinality(String)",
    "city": "LowCardinality(String)",
    "asn": "UInt32",
    "as_name": "LowCardinality(String)",
    "query": "String",
    "utm_source": "LowCardinality(String)",
    "utm_medium": "LowCardinality(String)",
    "utm_campaign": "LowCardinality(String)",
    "utm_term": "String",
    "utm_content": "String",
    "click_id": "LowCardinality(String)",
    "source": "LowCardinality(String)",
    "channel": "LowCardinality(String)",
    "visitor_id": "String",
    "violations": "Array(LowCardinality(String))",
}
_EMPTY: dict[str, object] = {"UInt32": 0, "Array(LowCardinality(String))": ()}
#: columns that only steps can fill -> what they hold when none did
DERIVED: dict[str, object] = {
    name: _EMPTY.get(kind, "")
    for name, kind in COLUMNS.items()
    if name not in Event.__struct_fields__ and not name.startswith("_")
}

#: the same of `rejected_events`, but for `redriven_at`, which no worker writes
REJECTED_COLUMNS: dict[str, str] = {
    "project": "LowCardinality(String)",
    "name": "String",
    "reason": "String",
    "raw": "String",
    "appended_at": "DateTime64(3, 'UTC')",
    "_shard": "UInt16",
    "_stream_ms": "UInt64",
    "_stream_seq": "UInt32",
    "_index": "UInt32",
    "kind": "LowCardinality(String)",
    "fingerprint": "String",
    "event_id": "UUID",
    "events": "UInt32",
    "skip": "String",
}

Columns = list[Sequence[object]]


def columns(batch: Batch) -> Columns:
    """The batch's events as one sequence per column, in the order of `COLUMNS`."""
    events, positions = batch.events, batch.positions
    special: dict[str, Sequence[object]] = {
        "event_id": [int.from_bytes(event.event_id, "big") for event in events],
        "properties": [properties.decode() for properties in batch.column("properties")],
        "_shard": [batch.shard] * len(events),
        "_stream_ms": [position.ms for position in positions],
        "_stream_seq": [position.seq for position in positions],
        "_index": [position.index for position in positions],
    }
    return [special[name] if name in special else batch.column(name, DERIVED.get(name, "")) for name in COLUMNS]


def rejected_columns(shard: int, rejected: Sequence[Rejected]) -> Columns:
    """Rejected events as one sequence per column, in the order of `REJECTED_COLUMNS`."""
    return [
        [row.project for row in rejected],
        [row.name for row in rejected],
        [row.reason for row in rejected],
        [row.raw for row in rejected],
        [row.position.ms for row in rejected],
        [shard] * len(rejected),
        [row.position.ms for row in rejected],
        [row.position.seq for row in rejected],
        [row.position.index for row in rejected],
        [row.kind for row in rejected],
        [fingerprint(row.project, row.name, row.reason) for row in rejected],
        [int.from_bytes(row.event_id, "big") for row in rejected],
        [row.events for row in rejected],
        [row.skip for row in rejected],
    ]


def reject_impossible(batch: Batch, _reference: Reference) -> None:
    """Set aside events that no row can hold. The front door lets none through; an older or foreign one might."""
    is_text = _is_text(b"\n".join([event.properties for event in batch.events]))
    if is_text and _plainly_possible(batch.events):
        return
    problems = [_problem(event, is_text=is_text or _is_text(event.properties)) for event in batch.events]
    for event, position, problem in zip(batch.events, batch.positions, problems, strict=True):
        if problem:
            batch.rejected.append(set_aside(event, position, f"impossible: {problem}"))
    batch.keep([not problem for problem in problems])


def _plainly_possible(events: Sequence[Event]) -> bool:
    """The whole check of an ordinary batch: nothing is wrong with its extremes."""
    times = [time for event in events for time in (event.occurred_at, event.received_at)]
    lengths = {len(event.event_id) for event in events}
    return not events or (lengths == {16} and min(times) >= _FIRST_MS and max(times) <= _LAST_MS)


def _problem(event: Event, *, is_text: bool) -> str:
    if not is_text:
        return "the properties are not UTF-8"
    if len(event.event_id) != 16:
        return "event_id is not 16 bytes"
    if not _FIRST_MS <= event.occurred_at <= _LAST_MS or not _FIRST_MS <= event.received_at <= _LAST_MS:
        return "a time is outside the years 1900 to 2299"
    return ""


def _is_text(properties: bytes) -> bool:
    if properties.isascii():
        return True
    try:
        properties.decode()
    except UnicodeDecodeError:
        return False
    return True
