"""Rows -> the answers people read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from ingest_api.progress import ShardProgress
from queries.freshness import fresh_through, lag_seconds
from queries.query import StatsQuery
from queries.recent import Cursor, RecentQuery


def stats(query: StatsQuery, rows: Sequence[Sequence[Any]], shards: list[ShardProgress]) -> dict[str, object]:
    """The answer of GET /api/v1/stats: `data` as the PULSE document has it, `meta` beside it."""
    data = {"metric": query.metric, "value": rows[0][0], "period": query.period}
    return {"success": True, "data": data, "meta": _meta(shards)}


def recent(query: RecentQuery, rows: Sequence[Sequence[Any]], shards: list[ShardProgress]) -> dict[str, object]:
    """The answer of GET /api/v1/events: events in the order of arrival, and the cursor to go on from."""
    ordered = list(rows) if query.after else list(reversed(rows))
    names = list(query.columns)
    events = [dict(zip(names, row, strict=True)) for row in ordered]
    cursor = query.after or Cursor.before(query.fresh_through)
    for event in events:
        cursor = Cursor(*event.pop("position"))
        event["properties"] = orjson.loads(event["properties"])
    return {"success": True, "data": {"events": events, "cursor": str(cursor)}, "meta": _meta(shards)}


def error(status: int, message: str) -> dict[str, object]:
    """Every error of the service, as the PULSE document has it."""
    return {"success": False, "error": message, "status": status}


def _meta(shards: list[ShardProgress]) -> dict[str, object]:
    moment = datetime.fromtimestamp(fresh_through(shards) / 1000, UTC)
    return {
        "fresh_through": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lag_seconds": round(lag_seconds(shards), 3),
    }
