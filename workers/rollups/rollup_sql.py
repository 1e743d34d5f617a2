"""The words of rollups for ClickHouse: what is due, who has no number yet, an hour's rows, and what counts. Pure text.

Parameters are bound by the server. `hours` is an array of (project, Unix second of the hour), `batch` the same with the
mark; all hours of a statement lie from `first` to `last`, Unix seconds.
"""

from workers.rollups.rolled import DIMENSIONS, HOUR_SECONDS, SHAPE, VISITOR, WHO

_HOURS = "SELECT one.1, toDateTime(one.2, 'UTC') FROM (SELECT arrayJoin({hours:Array(Tuple(String, UInt32))}) AS one)"
#: rows of events of these hours; the bounds choose partitions, the pairs choose ranges of the key
_OF_HOURS = (
    f"(project, toStartOfHour(occurred_at)) IN ({_HOURS}) AND occurred_at >= toDateTime({{first:UInt32}}, 'UTC') "
    f"AND occurred_at < toDateTime({{last:UInt32}} + {HOUR_SECONDS}, 'UTC')"
)
_VISITORS = (
    f"SELECT DISTINCT project, arrayJoin([{VISITOR}, {WHO}]) AS hashed FROM events "  # noqa: S608  # names of our own
    f"WHERE {_OF_HOURS} AND visitor != ''"
)
#: of the visitors of these hours alone. The least one, should somebody ever have two: it was given first
_NUMBERS = (
    "SELECT project, visitor AS hashed, min(number) AS number FROM visitor_numbers "  # noqa: S608  # names of our own
    f"WHERE (project, visitor) IN ({_VISITORS}) GROUP BY project, hashed"
)

DUE = f"""
SELECT project, toUnixTimestamp(hour) AS at, mark, toUnixTimestamp64Milli(now64(3)) FROM (
    SELECT project, hour, sum(rows) AS mark FROM hour_marks
    WHERE hour < now() - {HOUR_SECONDS} - {{grace:UInt32}} GROUP BY project, hour) AS marks
LEFT JOIN (
    SELECT project, hour, mark AS built, shape, counts_at FROM closed_hours FINAL) AS closed USING (project, hour)
WHERE (built != mark OR shape != {SHAPE}) AND counts_at < now64(3) - {{grace:UInt32}}
ORDER BY at DESC, project LIMIT {{most:UInt32}}"""  # noqa: S608  # names of our own
"""project, Unix second of the hour, mark, and ClickHouse's clock: hours that are over and not built as they are now."""

_CLOSED = f"built = mark AND shape = {SHAPE}"
STATE = f"""
SELECT count(), countIf({_CLOSED}), countIf(built != 0 AND NOT ({_CLOSED})), sumIf(mark, NOT ({_CLOSED})),
    toUnixTimestamp(minIf(hour, {_CLOSED})) FROM (
    SELECT project, hour, sum(rows) AS mark FROM hour_marks GROUP BY project, hour) AS marks
LEFT JOIN (
    SELECT project, hour, mark AS built, shape FROM closed_hours FINAL) AS closed USING (project, hour)"""  # noqa: S608  # names of our own
"""Hours with events, closed ones, those that changed since; rows of all that are not; the oldest closed hour."""

NEXT = "SELECT project, max(number) + 1 FROM visitor_numbers WHERE project IN {projects:Array(String)} GROUP BY project"
"""What the next number of each project is; a project without numbers is missing."""

NEW = f"""
SELECT project, hashed FROM ({_VISITORS})
WHERE (project, hashed) NOT IN (SELECT project, hashed FROM ({_NUMBERS})) ORDER BY project, hashed LIMIT {{most:UInt32}}
"""  # noqa: S608  # names of our own
"""project and hash of visitors of these hours that have no number."""

CLOSE = f"""
INSERT INTO closed_hours (project, hour, version, mark, shape, counts_at)
SELECT one.1, toDateTime(one.2, 'UTC'), {{version:UInt64}}, one.3, {SHAPE}, now64(3) + {{settle:UInt32}}
FROM (SELECT arrayJoin({{batch:Array(Tuple(String, UInt32, UInt64))}}) AS one)
WHERE toUnixTimestamp64Milli(now64(3)) < {{until:Int64}}"""  # noqa: S608  # names of our own
"""Let a version count, if it is not too old by ClickHouse's clock: the rows of an old one may be deleted already."""

STALE = """version < {before:UInt64} AND (project, hour, version) NOT IN (
    SELECT project, hour, version FROM closed_hours FINAL)"""
"""Rows of rollups that do not count any more, and never will."""

DOUBTED = """
SELECT project FROM (
    SELECT project, visitor, count() AS times FROM visitor_numbers WHERE visitor != 0 GROUP BY project, visitor
    HAVING times > 1 SETTINGS optimize_aggregation_in_order = 1)
UNION DISTINCT
SELECT project FROM visitor_numbers WHERE visitor != 0 GROUP BY project HAVING count() != groupBitmap(number)
UNION DISTINCT
SELECT project FROM (
    SELECT project, bitmapOr(groupBitmapMergeState(visitors), groupBitmapMergeState(people)) AS used
    FROM rollup_hours WHERE dimension = '' GROUP BY project) AS rolled
LEFT JOIN (
    SELECT project, groupBitmapState(number) AS given FROM visitor_numbers GROUP BY project) AS numbers USING (project)
WHERE bitmapAndnotCardinality(used, given) != 0"""
"""Projects where a visitor has two numbers, a number two visitors, or a rollup a number that nobody has."""

DOUBTFUL = """project = {project:String} AND visitor != 0 AND (
    visitor IN (SELECT visitor FROM visitor_numbers WHERE project = {project:String}
        GROUP BY visitor HAVING count() > 1)
    OR number IN (SELECT number FROM visitor_numbers WHERE project = {project:String} AND visitor != 0
        GROUP BY number HAVING count() > 1))"""
"""Numbers of which nobody can tell whose they are."""

UNUSED = """project = {project:String} AND visitor != 0 AND number NOT IN (
    SELECT arrayJoin(bitmapToArray(bitmapOr(groupBitmapMergeState(visitors), groupBitmapMergeState(people))))
    FROM rollup_hours
    WHERE project = {project:String} AND dimension = '')"""
"""Numbers that no rollup holds."""

KEEP_COUNT = """
INSERT INTO visitor_numbers (project, visitor, number)
SELECT project, 0, max(number) FROM visitor_numbers WHERE project = {project:String} GROUP BY project"""
"""Nobody's number: the greatest that was given, so that none is ever given again, whichever are deleted."""

CHANGED = """
INSERT INTO hour_marks (project, hour, rows)
SELECT DISTINCT project, hour, 1 FROM rollup_hours WHERE project = {project:String} AND hour <= {until:UInt32}"""
"""Change the marks of hours that have a rollup: they are read raw from now on, and built again."""


def rows() -> str:
    """The hours' rows, of each event once. Who has no number came after the mark was read: the hour is due again."""
    columns = ", ".join(DIMENSIONS.values())
    sets = ", ".join(f"(project, hour, site_id, is_bot, {column})" for column in DIMENSIONS.values())
    names = ", ".join(f"grouping({column}) = 0, '{name}'" for name, column in DIMENSIONS.items())
    return f"""
INSERT INTO rollup_hours (project, dimension, hour, value, site_id, is_bot, version, events, page_views, visitors,
    people)
SELECT project, multiIf({names}, ''), hour, concat({columns}), site_id, is_bot, {{version:UInt64}},
    count(), countIf(page_view), groupBitmapStateIf(number, number != 0), groupBitmapStateIf(person, person != 0)
FROM (
    SELECT project, toStartOfHour(occurred_at) AS hour, site_id, bot != '' AS is_bot, is_page_view AS page_view,
        {VISITOR} AS hashed, {WHO} AS who, {columns}
    FROM events FINAL WHERE {_OF_HOURS}) AS once
LEFT JOIN ({_NUMBERS}) AS numbers USING (project, hashed)
LEFT JOIN (SELECT project, hashed AS who, number AS person FROM ({_NUMBERS})) AS persons USING (project, who)
GROUP BY GROUPING SETS ((project, hour, site_id, is_bot), {sets})"""  # noqa: S608  # names of our own
