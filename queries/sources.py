"""Sources: what a measure is worked out of, as FROM and WHERE with bound parameters. Pure."""

from collections.abc import Callable

from queries.query import StatsQuery

#: events are read a day past the end of a range, and no event has a later time than the year 2299
_LAST = 10_413_791_999_999 - 86_400_000
_BOTS = {"exclude": ["bot = ''"], "only": ["bot != ''"], "include": []}

#: user, else the user that the anonymous id is linked to, else the visitor: of rows joined with `_LINKED`
_PERSON = "multiIf(user_id != '', concat('u:', user_id), linked != '', concat('u:', linked), visitor)"
_LINKED = (
    "LEFT ANY JOIN (SELECT client_id, user_id AS linked FROM identities(project={project:String})) AS links "
    "USING (client_id)"
)
#: people with an event of any kind before the range
SEEN_BEFORE = (
    f"SELECT {_PERSON} FROM (SELECT user_id, client_id, concat('c:', client_id) AS visitor FROM sightings "
    f"WHERE project = {{project:String}} AND first_seen < fromUnixTimestamp64Milli({{since:Int64}})) AS seen {_LINKED}"
)

Source = Callable[[StatsQuery], tuple[str, dict[str, object]]]


def events(query: StatsQuery) -> tuple[str, dict[str, object]]:
    """Each event of the range once, however often it was stored."""
    where, parameters = ["project = {project:String}"], _parameters(query)
    if query.event_type:
        where.append("name = {event_type:String}")
    where.append("occurred_at >= fromUnixTimestamp64Milli({since:Int64})")
    if query.until is not None:
        where.append("occurred_at < fromUnixTimestamp64Milli({until:Int64})")
    if query.site_id:
        where.append("site_id IN ({site_id:String}, '')")
    where += _BOTS[query.bots]
    return f"FROM events FINAL WHERE {' AND '.join(where)}", parameters


def persons(query: StatsQuery) -> tuple[str, dict[str, object]]:
    """A `person` for each user, anonymous id and cookieless visitor of these events; some come more than once."""
    text, parameters = events(query)
    return (
        f"FROM (SELECT {_PERSON} AS person FROM ("
        f"SELECT DISTINCT user_id, client_id, visitor {text} AND visitor != '') AS seen {_LINKED})"
    ), parameters


def sessions(query: StatsQuery) -> tuple[str, dict[str, object]]:
    """The sessions that start in the range and hold such an event, whole."""
    until = _LAST if query.until is None else min(query.until, _LAST)
    parameters = _parameters(query) | {"until": until, "bots": query.bots}
    where = []
    if query.event_type:
        where.append("has(names, {event_type:String})")
    if query.site_id:
        where.append("hasAny(site_ids, [{site_id:String}, ''])")
    view = "sessions(project={project:String}, since={since:Int64}, until={until:Int64}, bots={bots:String})"
    return f"FROM {view}" + (f" WHERE {' AND '.join(where)}" if where else ""), parameters


def _parameters(query: StatsQuery) -> dict[str, object]:
    given = {"until": query.until, "site_id": query.site_id or None, "event_type": query.event_type or None}
    return {"project": query.project, "since": query.since} | {
        name: value for name, value in given.items() if value is not None
    }
