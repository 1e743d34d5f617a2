"""Questions -> ClickHouse SQL. Pure: text and bound parameters; the project is always bound."""

from dataclasses import dataclass, field

from queries.measures import MEASURES
from queries.query import StatsQuery
from queries.recent import Cursor, RecentQuery


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and its parameters, bound by the server by name and type."""

    text: str
    parameters: dict[str, object] = field(default_factory=dict)


def stats(query: StatsQuery) -> Statement:
    """One row, one column: the value of the metric. FINAL counts a repeated event once."""
    where, parameters = _events_of(query.project, query.event_type)
    where.append("occurred_at >= fromUnixTimestamp64Milli({since:Int64})")
    parameters["since"] = query.since
    if query.until is not None:
        where.append("occurred_at < fromUnixTimestamp64Milli({until:Int64})")
        parameters["until"] = query.until
    if query.site_id:
        where.append("site_id IN ({site_id:String}, '')")
        parameters["site_id"] = query.site_id
    return Statement(f"SELECT {MEASURES[query.metric]} FROM events FINAL WHERE {' AND '.join(where)}", parameters)


def recent(query: RecentQuery) -> Statement:
    """Rows of `recent.COLUMNS` in the order of arrival; without a cursor the newest ones, newest first.

    Only events from before `fresh_through` are read: what arrived earlier is all visible, so a reader that goes on
    from the last row misses none.
    """
    where, parameters = _events_of(query.project, query.event_type)
    where += ["_stream_ms >= {from_ms:UInt64}", "_stream_ms < {fresh_through:UInt64}"]
    parameters |= {"from_ms": query.from_ms, "fresh_through": query.fresh_through, "limit": query.limit}
    direction = "DESC"
    if query.after is not None:
        direction = "ASC"
        names = ", ".join(f"{{{name}:UInt64}}" for name in Cursor.__struct_fields__)
        where.append(f"(_stream_ms, _shard, _stream_seq, _index) > ({names})")
        parameters |= {name: getattr(query.after, name) for name in Cursor.__struct_fields__}
    order = ", ".join(f"{name} {direction}" for name in ("_stream_ms", "_shard", "_stream_seq", "_index"))
    columns = ", ".join(f"{expression} AS `{name}`" for name, expression in query.columns.items())
    return Statement(
        f"SELECT {columns} FROM events FINAL WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {{limit:UInt32}}",
        parameters,
    )


def _events_of(project: str, event_type: str) -> tuple[list[str], dict[str, object]]:
    where = ["project = {project:String}"]
    parameters: dict[str, object] = {"project": project}
    if event_type:
        where.append("name = {event_type:String}")
        parameters["event_type"] = event_type
    return where, parameters
