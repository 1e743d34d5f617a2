"""Questions -> ClickHouse SQL. Pure: text and bound parameters; the project is always bound."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest_api.ledger import ENDS, OUTCOMES
from queries.questions.recent import Cursor, RecentQuery
from queries.rejections.rejected import Selection

_OPEN = "redriven_at = toDateTime64(0, 3, 'UTC')"
_OF_PROJECT = "({project:String} = '' OR project = {project:String})"
_SELECTED = (
    f"FROM rejected_events FINAL WHERE {_OPEN} AND raw != '' AND kind != '' AND _stream_ms < {{before:UInt64}} "
    f"AND {_OF_PROJECT} AND ({{fingerprint:String}} = '' OR fingerprint = {{fingerprint:String}})"
)
_PLACE = "_stream_ms, _shard, _stream_seq, _index"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and its parameters, bound by the server by name and type."""

    text: str
    parameters: dict[str, object] = field(default_factory=dict)


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


def ledger(project: str, first: int, last: int, cursors: Sequence[int], refused: int) -> Statement:
    """A row for each minute with anything: minute, accepted, duplicate, stored, rejected, repeated, erased, refused by
    reason, and whether a shard does not balance.

    Minutes are Unix minutes, `last` is exclusive. Each shard's minutes are read up to its cursor, and what was refused
    up to the cursor `refused`: from there on Redis has them.
    """
    sums = ", ".join(f"sum(o_{name}) AS {name}" for name in OUTCOMES)
    parts = ", ".join(f"sumIf(events, outcome = '{name}') AS o_{name}" for name in OUTCOMES)
    ended = " + ".join(f"o_{name}" for name in ENDS)
    return Statement(
        f"SELECT at, {sums}, sumMap(reasons), max(o_accepted != {ended}) FROM ("
        f"SELECT intDiv(toUnixTimestamp(minute), 60) AS at, shard, {parts}, "
        "sumMapIf(map(outcome, events), startsWith(outcome, 'refused:')) AS reasons "
        "FROM ledger FINAL WHERE project = {project:String} "
        "AND minute >= fromUnixTimestamp({first:Int64} * 60) AND minute < fromUnixTimestamp({last:Int64} * 60) "
        "AND at < if(startsWith(outcome, 'refused:'), {refused:Int64}, {cursors:Array(Int64)}[shard + 1]) "
        "GROUP BY at, shard) GROUP BY at",
        {"project": project, "first": first, "last": last, "cursors": list(cursors), "refused": refused},
    )


def receipt(project: str, event_id: str) -> Statement:
    """Where an event lies: state, shard, stream ms and seq, index, reason; a row of each table that knows it.

    A rejected event that was redriven is queued again, until its new end is stored.
    """
    where = "WHERE project = {project:String} AND event_id = {event_id:UUID}"
    return Statement(
        f"(SELECT 'stored', _shard, _stream_ms, _stream_seq, _index, '' FROM events {where} "
        "ORDER BY _stream_ms, _stream_seq LIMIT 1) UNION ALL "
        "(SELECT if(waits, 'queued', 'rejected'), _shard, _stream_ms, _stream_seq, _index, reason "
        f"FROM rejected_events FINAL {where} "
        "ORDER BY (toUnixTimestamp64Milli(redriven_at) != 0 AS waits), _stream_ms DESC, _stream_seq DESC LIMIT 1)",
        {"project": project, "event_id": event_id},
    )


def rejected_groups(project: str, *, redriven: bool, limit: int) -> Statement:
    """One row a fingerprint, as `rejected.Group` has it, the latest first. An empty project is all of them."""
    return Statement(
        "SELECT fingerprint, any(project), any(name), any(kind), argMax(reason, appended_at), count(), sum(events), "
        f"countIf(NOT {_OPEN}), min(_stream_ms), max(_stream_ms) FROM rejected_events FINAL "
        f"WHERE {_OF_PROJECT}{'' if redriven else f' AND {_OPEN}'} "
        "GROUP BY fingerprint ORDER BY max(appended_at) DESC, fingerprint LIMIT {limit:UInt32}",
        {"project": project, "limit": limit},
    )


def rejected_samples(project: str, fingerprint: str, limit: int) -> Statement:
    """The newest rows of a fingerprint, with so much of their bytes as is worth looking at."""
    return Statement(
        f"SELECT {_PLACE}, project, name, kind, reason, toString(event_id), events, "
        "toUnixTimestamp64Milli(redriven_at), length(raw), hex(substring(raw, 1, 262144)) FROM rejected_events FINAL "
        f"WHERE fingerprint = {{fingerprint:String}} AND {_OF_PROJECT} "
        "ORDER BY appended_at DESC, _stream_seq DESC, _index DESC LIMIT {limit:UInt32}",
        {"project": project, "fingerprint": fingerprint, "limit": limit},
    )


def rejected_places(chosen: Selection, limit: int) -> Statement:
    """Where the oldest selected rows lie, and how many bytes each has."""
    return Statement(f"SELECT {_PLACE}, length(raw) {_SELECTED} ORDER BY {_PLACE} LIMIT {{limit:UInt32}}",
                     _of(chosen) | {"limit": limit})  # fmt: skip


def rejected_rows(chosen: Selection, last: Sequence[int], limit: int) -> Statement:
    """The same rows whole, up to a place, as `rejected_events` is written; bytes are in hex."""
    upto = dict(zip(("ms", "shard", "seq", "index"), last, strict=True))
    names = ", ".join(f"{{{name}:UInt64}}" for name in upto)
    return Statement(
        "SELECT project, name, reason, hex(raw), toUnixTimestamp64Milli(appended_at), _shard, _stream_ms, _stream_seq, "
        f"_index, kind, fingerprint, toString(event_id), events, hex(skip) {_SELECTED} AND ({_PLACE}) <= ({names}) "
        f"ORDER BY {_PLACE} LIMIT {{limit:UInt32}}",
        _of(chosen) | upto | {"limit": limit},
    )


def rejected_left(chosen: Selection) -> Statement:
    """How many rows are selected."""
    return Statement(f"SELECT count() {_SELECTED}", _of(chosen))


def _of(chosen: Selection) -> dict[str, object]:
    return {"project": chosen.project, "fingerprint": chosen.fingerprint, "before": chosen.before}


def _events_of(project: str, event_type: str) -> tuple[list[str], dict[str, object]]:
    where = ["project = {project:String}"]
    parameters: dict[str, object] = {"project": project}
    if event_type:
        where.append("name = {event_type:String}")
        parameters["event_type"] = event_type
    return where, parameters
