"""The views of the sandbox: their public columns, and what each is read from. The only table names there are."""

from collections.abc import Mapping
from dataclasses import dataclass

#: whatever the sandbox itself names begins so; no statement may
RESERVED = "_hr_"
#: events are read a day past the end of a span of sessions, and no event is later than the year 2299
LAST_SESSION = 10_413_791_999_999 - 86_400_000


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is ClickHouse's, `pg` PostgreSQL's, `source` an expression over the base table."""

    name: str
    type: str
    pg: str
    meaning: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """`text` is the whole subquery that stands for the view, with `{project:String}` bound in every scan.

    `bases` are the tables and views of the schema that it reads.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    text: str
    bases: tuple[str, ...]


_STRING, _TEXT = "String", "text"
_WORD = "LowCardinality(String)"
_TIME, _TIMESTAMP = "DateTime64(3, 'UTC')", "timestamp with time zone"


def _text(name: str, meaning: str, source: str = "") -> Column:
    return Column(name, _STRING, _TEXT, meaning, source)


def _word(name: str, meaning: str, source: str = "") -> Column:
    return Column(name, _WORD, _TEXT, meaning, source)


def _time(name: str, meaning: str, source: str = "") -> Column:
    return Column(name, _TIME, _TIMESTAMP, meaning, source)


_EVENTS = (
    Column("id", "UUID", "uuid", "the event's id", "event_id"),
    _word("event_name", "the same as name", "name"),
    _text("hardal_server_request_id", "the same as request_id", "request_id"),
    _text("client_id", "the anonymous id of a browser or device"),
    Column("properties", "JSON", "jsonb", "whatever else was sent, nested as it was"),
    _time("created_at", "the same as occurred_at", "occurred_at"),
    Column("event_id", "UUID", "uuid", "the event's id"),
    _word("name", "what happened"),
    _word("kind", "track, page, identify, …"),
    _time("occurred_at", "when it happened"),
    _time("received_at", "when it was acknowledged"),
    _word("dialect", "the API that it came through"),
    _word("site_id", "the site that it names"),
    _text("user_id", "the user that it names"),
    _text("session_id", "the session that it names"),
    _text("request_id", "the request that it names"),
    _text("visitor", "whose it is as far as it says itself: c: client, u: user, v: cookieless"),
    _text("visitor_id", "the cookieless id of the day"),
    _text("url", "the page, whole"),
    _word("host", "the page's host"),
    _text("path", "the page's path"),
    _text("query", "the page's query string"),
    _text("title", "the page's title"),
    _text("referrer", "the page before, whole"),
    _word("referrer_host", "the host of the page before"),
    _word("source", "where the visit came from"),
    _word("channel", "what kind of source that is"),
    _word("utm_source", "of the campaign"),
    _word("utm_medium", "of the campaign"),
    _word("utm_campaign", "of the campaign"),
    _text("utm_term", "of the campaign"),
    _text("utm_content", "of the campaign"),
    _word("click_id", "which advertiser's click id it carries"),
    _word("device_type", "desktop, mobile, tablet"),
    _word("browser", "by the user agent"),
    _word("browser_version", "by the user agent"),
    _word("os", "by the user agent"),
    _word("os_version", "by the user agent"),
    _word("bot", "the crawler that it says it is; empty: none"),
    _word("language", "as the client says"),
    _word("platform", "as the client says"),
    _word("country", "ISO 3166-1 alpha-2"),
    _word("region", "by the address"),
    _word("city", "by the address"),
    Column("asn", "UInt32", "bigint", "the number of the network"),
    _word("as_name", "the name of the network"),
    _text("ip", "the address, as far as the project keeps it"),
    _word("user_agent", "as it was sent"),
    Column("is_page_view", "Bool", "boolean", "whether it is a view of a page or screen"),
    Column("is_action", "Bool", "boolean", "whether the visitor did something"),
    Column("violations", "Array(LowCardinality(String))", "text[]", "fields that are not as the schema wants them"),
)
_SESSIONS = (
    _text("session", "whose session: s: the client's session id, else the visitor"),
    _time("started_at", "its first event"),
    _time("ended_at", "its last event"),
    Column("duration", "Float64", "double precision", "seconds between the two"),
    Column("events", "UInt64", "bigint", "events in it"),
    Column("page_views", "UInt64", "bigint", "pages in it"),
    Column("bounced", "UInt8", "bigint", "1: one page and no action"),
    _text("entry_page", "the first path"),
    _text("exit_page", "the last path"),
    _text("visitor", "of the first event"),
    _text("user_id", "the first user that it names"),
    _text("channel", "of the first event"),
    _text("source", "of the first event"),
    _text("country", "of the first event"),
    _text("device_type", "of the first event"),
    Column("names", "Array(String)", "text[]", "names of its events"),
    Column("site_ids", "Array(String)", "text[]", "sites of its events"),
)
_USERS = (
    _text("user_id", "a known user"),
    _time("first_seen", "the first event that names her"),
    _time("last_seen", "the last event that names her"),
    Column("client_ids", "Array(String)", "text[]", "anonymous ids that are linked to her"),
    Column("traits", "JSON", "jsonb", "the latest value of each trait"),
)
_REJECTED = (
    _text("name", "the event's name, empty where it could not be read"),
    _text("reason", "why it could not be stored"),
    _word("kind", "event, or frame: a whole frame that could not be read"),
    _text("fingerprint", "the same for all that have one cause"),
    Column("event_id", "UUID", "uuid", "the event's id, zeros where it could not be read"),
    Column("events", "UInt32", "bigint", "how many events it stands for"),
    _time("appended_at", "when it was acknowledged"),
    Column(
        "redriven_at",
        "Nullable(DateTime64(3, 'UTC'))",
        _TIMESTAMP,
        "when it was sent again, if it was",
        "nullIf({t}.redriven_at, toDateTime64(0, 3, 'UTC'))",
    ),
)


def _base(table: str, columns: tuple[Column, ...]) -> str:
    """One row for each of the project's, however often it was stored. Every name is qualified: no alias can take it."""
    t = f"{RESERVED}{table}"
    listed = ", ".join(f"{_of(t, one)} AS {one.name}" for one in columns)
    return f"SELECT {listed} FROM {table} AS {t} FINAL WHERE {t}.project = {{project:String}}"  # noqa: S608 - names of code


def _of(table: str, column: Column) -> str:
    source = column.source or column.name
    return source.format(t=table) if "{t}" in source else f"{table}.{source}"


_OF_SESSIONS = ", ".join(f"{RESERVED}sessions.{one.name} AS {one.name}" for one in _SESSIONS)
#: a user is also what the anonymous ids that are linked to her did
_USERS_TEXT = (
    "SELECT _hr_u.user_id AS user_id, _hr_u.first_seen AS first_seen, _hr_u.last_seen AS last_seen, "
    "_hr_l.client_ids AS client_ids, CAST(ifNull(nullIf(_hr_t.traits, ''), '{}'), 'JSON') AS traits FROM ("
    "SELECT _hr_n.person AS user_id, "
    "toDateTime64(min(_hr_n.first_seen), 3, 'UTC') AS first_seen, "
    "toDateTime64(max(_hr_n.last_seen), 3, 'UTC') AS last_seen FROM ("
    "SELECT if(_hr_s.user_id != '', _hr_s.user_id, ifNull(_hr_i.user_id, '')) AS person, "
    "_hr_s.first_seen AS first_seen, _hr_s.last_seen AS last_seen "
    "FROM sightings AS _hr_s LEFT ANY JOIN identities(project={project:String}) AS _hr_i "
    "ON _hr_i.client_id = _hr_s.client_id WHERE _hr_s.project = {project:String}"
    ") AS _hr_n WHERE _hr_n.person != '' GROUP BY _hr_n.person"
    ") AS _hr_u LEFT ANY JOIN ("
    "SELECT _hr_i.user_id AS user_id, arraySort(groupArray(_hr_i.client_id)) AS client_ids "
    "FROM identities(project={project:String}) AS _hr_i GROUP BY _hr_i.user_id"
    ") AS _hr_l ON _hr_l.user_id = _hr_u.user_id LEFT ANY JOIN ("
    "SELECT _hr_p.user_id AS user_id, concat('{', arrayStringConcat(arraySort(groupArray("
    "concat(toJSONString(_hr_p.trait), ':', _hr_p.value))), ','), '}') AS traits FROM ("
    "SELECT _hr_r.user_id AS user_id, _hr_r.trait AS trait, max(_hr_r.latest).3 AS value "
    "FROM user_traits AS _hr_r WHERE _hr_r.project = {project:String} GROUP BY _hr_r.user_id, _hr_r.trait"
    ") AS _hr_p GROUP BY _hr_p.user_id) AS _hr_t ON _hr_t.user_id = _hr_u.user_id"
)


def _sessions(since: str, until: str) -> str:
    """The subquery of the sessions that start in this span: expressions in Unix milliseconds."""
    view = f"sessions(project={{project:String}}, since={since}, until={until}, bots='exclude')"
    return f"SELECT {_OF_SESSIONS} FROM {view} AS {RESERVED}sessions"  # noqa: S608 - names of code


_SESSIONS_TEXT = _sessions(f"{RESERVED}since", f"{RESERVED}until")
_KNOWN = (
    View("events", "each event once", _EVENTS, _base("events", _EVENTS), ("events",)),
    View("sessions", "visits of people, not of bots", _SESSIONS, _SESSIONS_TEXT, ("events",)),
    View(
        "users",
        "known users",
        _USERS,
        _USERS_TEXT,
        ("sightings", "user_traits", "identity_claims", "identity_overrides"),
    ),
    View(
        "rejected_events",
        "events that were acknowledged and could not be stored",
        _REJECTED,
        _base("rejected_events", _REJECTED),
        ("rejected_events",),
    ),
)
VIEWS: Mapping[str, View] = {one.name: one for one in _KNOWN}
#: every table of the schema that a statement may reach, each with a column `project`
BASES: frozenset[str] = frozenset(base for one in _KNOWN for base in one.bases)
