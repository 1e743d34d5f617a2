"""Events as the workers store them, put into the warehouse directly."""

import itertools
import uuid
from typing import Any

from clickhouse_connect.driver.client import Client

from ingest_api import moment
from workers.row import COLUMNS, DERIVED

_DEFAULTS: dict[str, Any] = {
    "name": "signup",
    "kind": "event",
    "dialect": "intake",
    "properties": "{}",
    "_shard": 0,
    "_stream_seq": 0,
}
_numbers = itertools.count()


def event(project: str, **columns: Any) -> dict[str, Any]:
    """One row: happened, received and appended now, with an id and a place in the stream of its own."""
    now = moment.now_ms()
    row = {
        **dict.fromkeys(COLUMNS, ""),
        **DERIVED,
        **_DEFAULTS,
        "project": project,
        "event_id": uuid.uuid4(),
        "occurred_at": now,
        "received_at": now,
        "_stream_ms": now,
        "_index": next(_numbers),
    }
    return row | columns


def store(warehouse: Client, *events: dict[str, Any]) -> None:
    """One insert."""
    warehouse.insert("events", [list(row.values()) for row in events], column_names=list(COLUMNS))
