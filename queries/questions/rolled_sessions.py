"""Rolled sessions: a stand-in for the view `sessions` that reads closed stretches from what was rolled up. Pure text.

Its rows are the view's, with all its columns: whoever asks it need not know. Which stretches are read from where is
decided once in a statement. Sessions with events of declared crawlers are not rolled up.
"""

from queries.questions.binder import Binder
from queries.questions.bots import Bots
from workers.rollups import stretch


def sessions(since: int, until: int, bots: Bots, binder: Binder) -> str:
    """What FROM takes: the sessions of {project} that start in [since, until), Unix ms; {since} is bound."""
    named = ", ".join(
        (
            "project = {project:String}",
            "since = {since:Int64}",
            f"until = {binder.bind(until, 'Int64')}",
            f"bots = {binder.bind(bots, 'String')}",
        )
    )
    first = max(stretch.FIRST, since // 1000 // stretch.SECONDS * stretch.SECONDS)
    last = min(stretch.LAST, -(-until // (1000 * stretch.SECONDS)) * stretch.SECONDS)
    if bots != "exclude" or first >= last:
        return f"sessions({named})"
    within = (binder.bind(one, "UInt32") for one in (first, last))
    started = "started_at >= fromUnixTimestamp64Milli({since:Int64})"
    ended = f"started_at < fromUnixTimestamp64Milli({binder.bind(until, 'Int64')})"
    counted = "(stretch, version) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(stretches.1) AS one))"
    rolled = " AND ".join(("project = {project:String}", started, ended, counted))
    raw = f"sessions_of_stretches({named}, stretches = stretches.2, every = false)"
    told = f"WITH ({_stretches(*within)}) AS stretches SELECT * FROM"
    either = (f"SELECT {stretch.COLUMNS} FROM {one}" for one in (f"rolled_sessions WHERE {rolled}", raw))  # noqa: S608  # names of our own
    return f"({told} ({' UNION ALL '.join(either)}))"


def _stretches(first: str, last: str) -> str:
    """SELECT of two arrays: stretch and version of those that are closed, and Unix seconds of those that are open."""
    hours = " ".join(
        (
            f"SELECT project, {stretch.OF_HOUR} AS at, sum(rows) AS own FROM hour_marks",  # noqa: S608  # names of our own
            f"WHERE project = {{project:String}} AND hour >= toDateTime({first} - {stretch.MARGIN}, 'UTC')",
            f"AND hour < toDateTime({last} + {stretch.MARGIN}, 'UTC') GROUP BY project, at",
        )
    )
    closed = " ".join(
        (
            "SELECT toUnixTimestamp(stretch) AS at, mark, version FROM closed_stretches FINAL",
            f"WHERE project = {{project:String}} AND stretch >= toDateTime({first}, 'UTC')",
            f"AND stretch < toDateTime({last}, 'UTC') AND shape = {stretch.SHAPE} AND counts_at <= now64(3)",
        )
    )
    return " ".join(
        (
            "SELECT (groupArrayIf((toDateTime(at, 'UTC'), version), version != 0),",
            "groupArrayIf(toUInt32(at), version = 0))",
            f"FROM (SELECT at, {stretch.AROUND} AS mark FROM ({hours})) AS marks",  # noqa: S608  # names of our own
            f"LEFT JOIN ({closed}) AS closed USING (at, mark) WHERE at >= {first} AND at < {last}",
        )
    )
