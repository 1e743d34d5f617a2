"""Events behind a cursor, and which of several filters let each through -> SQL; rows -> events. Pure.

The project is always bound.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import orjson

from queries.questions import filters
from queries.questions.binder import Binder
from queries.questions.filters import Filter
from queries.questions.recent import COLUMNS, Cursor
from queries.sql import Statement

Place = tuple[int, int, int, int]

#: the inner SELECT gives nothing the name of a column, which a filter could meet
_ARRIVALS = """
SELECT $columns, wanted FROM (
    SELECT *, [$wanted] AS wanted FROM events FINAL
    WHERE project = {project:String} AND _stream_ms BETWEEN {after_ms:UInt64} AND {upto_ms:UInt64}
        AND (_stream_ms, _shard, _stream_seq, _index) >
            ({after_ms:UInt64}, {after_shard:UInt64}, {after_seq:UInt64}, {after_index:UInt64})
        AND (_stream_ms, _shard, _stream_seq, _index) <=
            ({upto_ms:UInt64}, {upto_shard:UInt64}, {upto_seq:UInt64}, {upto_index:UInt64}))
WHERE has(wanted, 1)
ORDER BY _stream_ms, _shard, _stream_seq, _index LIMIT {limit:UInt32}
""".replace("$columns", ", ".join(f"{expression} AS `{name}`" for name, expression in COLUMNS.items()))


def place(cursor: Cursor) -> Place:
    """What cursors are compared by."""
    return msgspec.structs.astuple(cursor)


def arrivals(project: str, after: Cursor, upto: Cursor, wishes: Sequence[Filter], limit: int) -> Statement:
    """Rows of `recent.COLUMNS` and whether each wish lets the event through, in the order of arrival.

    `upto` is the last place that is read. Events that nobody wishes for are left out. Raises `Refused` for a wish that
    no single event can be held to.
    """
    binder = Binder({"project": project, "limit": limit})
    for name, cursor in (("after", after), ("upto", upto)):
        binder.parameters |= {f"{name}_{part}": number for part, number in msgspec.structs.asdict(cursor).items()}
    wanted = ", ".join(f"toUInt8({filters.condition(wish, binder)})" for wish in wishes)
    return Statement(_ARRIVALS.replace("$wanted", wanted), binder.parameters)


def read(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Cursor, dict[str, Any], Sequence[int]]]:
    """Of each row its place, the event as GET /api/v1/events shows it, and who wishes for it."""
    for *fields, wanted in rows:
        event = dict(zip(COLUMNS, fields, strict=True))
        cursor = Cursor(*event.pop("position"))
        event["properties"] = orjson.loads(event["properties"])
        yield cursor, event, wanted
