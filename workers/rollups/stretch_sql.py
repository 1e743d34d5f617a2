"""The words of rolled sessions for ClickHouse: which stretches are due, their sessions, and what counts. Pure text.

Parameters are bound by the server. `stretches` is an array of Unix seconds, `batch` one of (Unix second, mark).
"""

from workers.rollups import stretch

DUE = f"""
SELECT project, at, mark, own, toUnixTimestamp64Milli(now64(3)) FROM (
    SELECT project, at, own, {stretch.AROUND} AS mark FROM (
        SELECT project, {stretch.OF_HOUR} AS at, sum(rows) AS own FROM hour_marks GROUP BY project, at)) AS marks
LEFT JOIN (
    SELECT project, toUnixTimestamp(stretch) AS at, mark AS built, shape, counts_at FROM closed_stretches FINAL
) AS closed USING (project, at)
WHERE at >= {stretch.FIRST} AND at < {stretch.LAST} AND (built != mark OR shape != {stretch.SHAPE})
    AND at + {stretch.SECONDS + stretch.MARGIN} < toUnixTimestamp(now()) - {{grace:UInt32}}
    AND counts_at < now64(3) - {{again:UInt32}}
ORDER BY at DESC, project LIMIT {{most:UInt32}}"""  # noqa: S608  # names of our own
"""project, Unix second, mark, events, and ClickHouse's clock: stretches whose sessions are over and not rolled up."""

ROWS = f"""
INSERT INTO rolled_sessions (project, stretch, version, {stretch.COLUMNS})
SELECT {{project:String}},
    toDateTime(intDiv(toUnixTimestamp(started_at), {stretch.SECONDS}) * {stretch.SECONDS}, 'UTC'),
    {{version:UInt64}}, {stretch.COLUMNS}
FROM sessions_of_stretches(project = {{project:String}}, since = {{since:Int64}}, until = {{until:Int64}},
    bots = 'exclude', stretches = {{stretches:Array(UInt32)}}, every = false)"""  # noqa: S608  # names of our own
"""The sessions that start in these stretches of a project."""

CLOSE = f"""
INSERT INTO closed_stretches (project, stretch, version, mark, shape, counts_at)
SELECT {{project:String}}, toDateTime(one.1, 'UTC'), {{version:UInt64}}, one.2, {stretch.SHAPE},
    now64(3) + {{settle:UInt32}}
FROM (SELECT arrayJoin({{batch:Array(Tuple(UInt32, UInt64))}}) AS one)
WHERE toUnixTimestamp64Milli(now64(3)) < {{until:Int64}}"""  # noqa: S608  # names of our own
"""Let a version count, if it is not too old by ClickHouse's clock: the rows of an old one may be deleted already."""

STALE = """version < {before:UInt64} AND (project, stretch, version) NOT IN (
    SELECT project, stretch, version FROM closed_stretches FINAL)"""
"""Sessions that do not count any more, and never will."""

CHANGED = """
INSERT INTO hour_marks (project, hour, rows)
SELECT DISTINCT project, stretch, 1 FROM rolled_sessions
WHERE project = {project:String} AND stretch <= {until:UInt32}"""
"""Change the marks of stretches that have sessions: they are read raw from now on, and built again."""
