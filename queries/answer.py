"""Rows -> the answers people read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NotRequired, TypedDict

import orjson

from ingest_api.errors import Detail
from ingest_api.progress import ShardProgress
from queries.freshness import fresh_through, lag_seconds
from queries.questions.recent import Cursor, RecentQuery


class Meta(TypedDict):
    """How fresh an answer is: complete up to this moment (ISO 8601, UTC), and how long the oldest event waits."""

    fresh_through: str
    lag_seconds: float


class RecentEvent(TypedDict):
    """One stored event. What the producer did not say is empty."""

    event_id: str
    event_type: str
    occurred_at: str
    received_at: str
    kind: str
    dialect: str
    site_id: str
    user_id: str
    client_id: str
    session_id: str
    url: str
    referrer: str
    device_type: str
    country: str
    properties: dict[str, Any]


class Recent(TypedDict):
    """One page of events, and the cursor of the next."""

    events: list[RecentEvent]
    cursor: str


class RecentAnswer(TypedDict):
    """The answer of GET /api/v1/events."""

    success: Literal[True]
    data: Recent
    meta: Meta


class Error(TypedDict):
    """Every error; `details` where fields of a body are wrong."""

    success: Literal[False]
    error: str
    status: int
    details: NotRequired[list[Detail]]


def recent(query: RecentQuery, rows: Sequence[Sequence[Any]], shards: list[ShardProgress]) -> RecentAnswer:
    """The answer of GET /api/v1/events: events in the order of arrival, and the cursor to go on from."""
    ordered = list(rows) if query.after else list(reversed(rows))
    names = list(query.columns)
    events: list[Any] = [dict(zip(names, row, strict=True)) for row in ordered]
    cursor = query.after or Cursor.before(query.fresh_through)
    for event in events:
        cursor = Cursor(*event.pop("position"))
        event["properties"] = orjson.loads(event["properties"])
    return {"success": True, "data": {"events": events, "cursor": str(cursor)}, "meta": meta(shards)}


def error(status: int, message: str, details: Sequence[Detail] = ()) -> Error:
    """Every error of the service, as the PULSE document has it."""
    said: Error = {"success": False, "error": message, "status": status}
    if details:
        said["details"] = list(details)
    return said


def meta(shards: list[ShardProgress]) -> Meta:
    """How fresh an answer is that was made after `shards` were read."""
    moment = datetime.fromtimestamp(fresh_through(shards) / 1000, UTC)
    return {
        "fresh_through": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lag_seconds": round(lag_seconds(shards), 3),
    }
