"""The words of an erasure for ClickHouse: which rows a tombstone means. Pure text; parameters are bound by the server.

`table` is the one in memory: (kind, value). Kinds of marks in hex: users, clients, linked, events. Kinds of what was
found by them: event (UUID), place (of a rejected event), user, client, anonymous (a client that is a user's).
"""

from collections.abc import Iterable, Iterator, Sequence

from ingest_api.projects.tombstones import Tombstone
from workers.rollups import stretch
from workers.rollups.rolled import VISITOR, WHO

#: tables of who is who -> the view that makes their rows of events, and may make them again
IDENTITY = {
    "identity_claims": "events_to_identity_claims",
    "user_traits": "events_to_user_traits",
    "sightings": "",
    "identity_overrides": "",
}
#: of these tables: the column that names the event a row comes from
_SOURCE = {"identity_claims": "claim", "user_traits": "latest"}
#: made of events, of whoever they are: whole hours go, and are built again of what is left. In the order of their going
ROLLUPS = ("rolled_sessions", "rollup_hours", "visitor_numbers")
_WITHOUT_CLIENTS = frozenset({"user_traits"})
_MARK = "lower(hex(substring(SHA256(concat(unhex({{{kind}_key:String}}), {value})), 1, 16)))"
_USER = _MARK.format(kind="user", value="user_id")
_CLIENT = _MARK.format(kind="client", value="client_id")
_EVENT = _MARK.format(kind="event", value="UUIDStringToNum(toString(event_id))")
_PLACE = "concat(toString(_shard), ':', toString(_stream_ms), '-', toString(_stream_seq), ':', toString(_index))"
_PROJECT = "project = {project:String}"


def gone(stone: Tombstone, name: str, table: str) -> str:
    """The rows of the table of this name that are to go; empty when none can be meant."""
    if name == "rejected_events":
        return f"{_PROJECT} AND {_PLACE} {_among('place', table)}"
    if name == "events":
        parts = [f"event_id IN (SELECT toUUID(value) FROM {table} WHERE kind = 'event')"]  # noqa: S608  # names of our own
        if stone.first_ms is not None:
            named = " AND name = {name:String}" if stone.name else ""
            parts.append(_within("occurred_at", stone) + named)
        return f"{_PROJECT} AND {_any(parts)}"
    if name == "rollup_hours":
        return f"{_PROJECT} AND hour IN (SELECT toDateTime(toUInt32(value), 'UTC') FROM {table} WHERE kind = 'hour')"  # noqa: S608  # names of our own
    if name == "rolled_sessions":
        return f"{_PROJECT} AND stretch IN ({_noted_stretches(table)})"
    if name == "visitor_numbers":
        return f"{_PROJECT} AND visitor IN ({_noted_visitors(table)})"
    parts = [f"user_id {_among('user', table)}"]
    if name not in _WITHOUT_CLIENTS:
        parts += [f"client_id {_among('client', table)}", f"user_id = '' AND client_id {_among('anonymous', table)}"]
    if source := _SOURCE.get(name):
        digits = f"SELECT replaceAll(value, '-', '') FROM {table} WHERE kind = 'event'"  # noqa: S608  # names of our own
        parts.append(f"{source}.event IN ({digits})")
        parts += [_within(f"{source}.at", stone)] if stone.first_ms is not None else []
    return f"{_PROJECT} AND {_any(parts)}"


def events_meant(stone: Tombstone, table: str) -> str:
    """The events that marks mean; empty where there are none. A stretch of time is no mark."""
    before = f"least(occurred_at, received_at) <= fromUnixTimestamp64Milli({stone.made_at})"
    parts = [f"{before} AND user_id != '' AND {_USER} {_among('users', table)}"] if stone.users else []
    parts += [f"{before} AND client_id != '' AND {_CLIENT} {_among('clients', table)}"] if stone.clients else []
    if stone.linked:
        parts.append(f"{before} AND user_id = '' AND client_id != '' AND {_CLIENT} {_among('linked', table)}")
    parts += [f"{_EVENT} {_among('events', table)}"] if stone.events or stone.found else []
    return f"{_PROJECT} AND {_any(parts)}" if parts else ""


def people_meant(stone: Tombstone, name: str, table: str) -> Iterator[tuple[str, str, str]]:
    """Of a table of who is who: the kind, the column and the rows of the people that marks mean."""
    if stone.users:
        yield "user", "user_id", f"{_PROJECT} AND {_USER} {_among('users', table)}"
    if name in _WITHOUT_CLIENTS:
        return
    for kind, marks, some in (("client", "clients", stone.clients), ("anonymous", "linked", stone.linked)):
        if some:
            yield kind, "client_id", f"{_PROJECT} AND client_id != '' AND {_CLIENT} {_among(marks, table)}"


def rolled_up(gone: str, table: str) -> Iterator[str]:
    """Note whose numbers go, and which hours: of the events that go, and those whose rollups hold such a number."""
    yield note("visitor", f"toString(arrayJoin([{VISITOR}, {WHO}]))", "events", f"{gone} AND visitor != ''", table)
    for kind, letter in (("user", "u"), ("client", "c"), ("anonymous", "c")):
        who = f"(SELECT concat('{letter}:', value) AS visitor FROM {table} WHERE kind = '{kind}')"  # noqa: S608  # names of our own
        yield note("visitor", f"toString({VISITOR})", who, "1", table)
    yield note("hour", "toString(toUnixTimestamp(toStartOfHour(occurred_at)))", "events", gone, table)
    numbers = f"SELECT number FROM visitor_numbers WHERE {_PROJECT} AND visitor IN ({_noted_visitors(table)})"  # noqa: S608  # names of our own
    theirs = f"(SELECT groupBitmapState(number) FROM ({numbers}))"  # noqa: S608  # names of our own
    held = f"{_PROJECT} AND dimension = '' AND (bitmapHasAny(visitors, {theirs}) OR bitmapHasAny(people, {theirs}))"
    yield note("hour", "toString(toUnixTimestamp(hour))", "rollup_hours", held, table)
    mine = f"{_PROJECT} AND {VISITOR} IN ({_noted_visitors(table)})"
    yield note("hour", "toString(toUnixTimestamp(stretch))", "rolled_sessions", mine, table)


def changed(table: str) -> str:
    """The hours that were noted are read raw from now on."""
    return (
        "INSERT INTO hour_marks (project, hour, rows) SELECT {project:String}, "  # noqa: S608  # names of our own
        f"toDateTime(toUInt32(value), 'UTC'), 1 FROM {table} WHERE kind = 'hour' GROUP BY value"
    )


def note(kind: str, value: str, name: str, where: str, table: str) -> str:
    """Note in memory what is found."""
    return f"INSERT INTO {table} SELECT DISTINCT '{kind}', {value} FROM {name} WHERE {where}"  # noqa: S608  # names of our own


def linked(table: str) -> str:
    """The client ids that belong to the users."""
    users = _among("users", table)
    return f"SELECT DISTINCT client_id FROM identities(project = {{project:String}}) WHERE {_USER} {users}"  # noqa: S608  # names of our own


def rejected_page(last: Sequence[int], count: int) -> str:
    """The next rejected events of the project behind a place, with their bytes in hex; of frames none."""
    ms, shard, seq, index = last
    return (
        "SELECT _stream_ms, _shard, _stream_seq, toInt64(_index) AS place, kind, toString(event_id), "  # noqa: S608  # numbers
        f"if(kind = 'event', hex(raw), '') FROM rejected_events WHERE {_PROJECT} "
        f"AND (_stream_ms, _shard, _stream_seq, toInt64(_index)) > ({ms}, {shard}, {seq}, {index}) "
        "ORDER BY _stream_ms, _shard, _stream_seq, place "
        f"LIMIT 1 BY _stream_ms, _shard, _stream_seq, place LIMIT {count}"
    )


def view(name: str) -> str:
    """What a view asks of `events`, and the database."""
    where = f"database = currentDatabase() AND name = '{name}'"
    return f"SELECT as_select, currentDatabase() FROM system.tables WHERE {where}"  # noqa: S608  # names of our own


def derive(name: str, asks: str, database: str) -> str:
    """Make a table's rows again, of what a view asks of the project's events."""
    mine = f"(SELECT * FROM events WHERE {_PROJECT}) AS events"  # noqa: S608  # names of our own
    return f"INSERT INTO {name} {asks.replace(f'FROM {database}.events', f'FROM {mine}')}"


def old_parts(names: Iterable[str], since: int) -> str:
    """How many parts were replaced by then and still lie on the disk."""
    tables = ", ".join(f"'{name}'" for name in names)
    return (
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active "  # noqa: S608  # names of our own
        f"AND table IN ({tables}) AND toUnixTimestamp(remove_time) <= {since}"
    )


def unfinished(name: str) -> str:
    """Why rewrites of a table last that have not ended; an empty text where nothing failed."""
    return f"SELECT latest_fail_reason FROM system.mutations WHERE {of(name)} AND NOT is_done"  # noqa: S608  # names of our own


def hidden(name: str) -> str:
    """How many parts of a table hold rows that were deleted and only hidden."""
    return f"SELECT countIf(has_lightweight_delete) FROM system.parts WHERE {of(name)} AND active"  # noqa: S608  # names of our own


def of(name: str) -> str:
    """The rows of a system table that are about one of ours."""
    return f"database = currentDatabase() AND table = '{name}'"


def _among(kind: str, table: str) -> str:
    return f"IN (SELECT value FROM {table} WHERE kind = '{kind}')"  # noqa: S608  # names of our own


def _noted_visitors(table: str) -> str:
    return f"SELECT toUInt128(value) FROM {table} WHERE kind = 'visitor'"  # noqa: S608  # names of our own


def _noted_stretches(table: str) -> str:
    """A session that such an event is in began in its hour, or up to a day before."""
    back = f"toInt64(value) - {stretch.MARGIN}, toInt64(value) + 1, {stretch.SECONDS}"
    aligned = f"intDiv(arrayJoin(range({back})), {stretch.SECONDS}) * {stretch.SECONDS}"
    return f"SELECT toDateTime({aligned}, 'UTC') FROM {table} WHERE kind = 'hour'"  # noqa: S608  # names of our own


def _any(parts: Iterable[str]) -> str:
    return "(" + " OR ".join(f"({part})" for part in parts) + ")"


def _within(column: str, stone: Tombstone) -> str:
    first, until = stone.first_ms or 0, stone.until_ms or 0
    return f"{column} >= fromUnixTimestamp64Milli({first}) AND {column} < fromUnixTimestamp64Milli({until})"
