"""Closed hours: which of a span have a rollup that still tells of them, and which hold each of their events once. Pure.

Both are asked for once in a statement, as `clean`: an array of (hour, version), in order.
"""

from queries.questions.binder import Binder
from workers.rollups.rolled import HOUR_SECONDS, SHAPE

#: from, and until or no end, Unix milliseconds
Range = tuple[int, int | None]
HOUR_MS = HOUR_SECONDS * 1000
#: the last hour that ClickHouse's DateTime can name
_LAST = 2**32 // HOUR_SECONDS * HOUR_SECONDS - HOUR_SECONDS
#: SELECT of the hours between clean ones
_HOLES = " ".join(
    (
        "SELECT arrayJoin(arrayFlatten(arrayMap((one, next) -> arrayMap(at -> toDateTime(at, 'UTC'),",
        f"range(toUnixTimestamp(one.1) + {HOUR_SECONDS}, toUnixTimestamp(next.1), {HOUR_SECONDS})),",
        "arrayPopBack(clean), arrayPopFront(clean))))",
    )
)
_HOUR = "toStartOfHour(occurred_at)"
#: of events: whether their hour is a clean one, and whether it is none
CLEAN = f"(notEmpty(clean) AND {_HOUR} >= clean[1].1 AND {_HOUR} <= clean[-1].1 AND {_HOUR} NOT IN ({_HOLES}))"
OPEN = f"(empty(clean) OR {_HOUR} < clean[1].1 OR {_HOUR} > clean[-1].1 OR {_HOUR} IN ({_HOLES}))"
#: of a span of fewer whole hours nobody asks which hold each event once: it takes longer than to see to it
_WORTH_HOURS = 24


def whole(within: Range) -> tuple[int, int | None]:
    """The whole hours of it: the first, and the one after the last, Unix seconds."""
    since, until = within
    first = -(-max(since, 0) // HOUR_MS) * HOUR_SECONDS
    return min(first, _LAST), None if until is None else min(until // HOUR_MS * HOUR_SECONDS, _LAST)


def clean(within: Range, binder: Binder, *, once: bool = False) -> str:
    """SELECT of `clean`: hours that are closed and have not changed since; `once`: in which no event lies twice.

    A mark counts every row that ever came into its hour, the rollup each event: where they are the same, none came
    again, and none went.
    """
    first, last = whole(within)
    where = ["project = {project:String}", f"hour >= toDateTime({binder.bind(first, 'UInt32')}, 'UTC')"]
    where += [] if last is None else [f"hour < toDateTime({binder.bind(last, 'UInt32')}, 'UTC')"]
    span = " AND ".join(where)
    closed = f"FROM closed_hours FINAL WHERE {span} AND shape = {SHAPE} AND counts_at <= now64(3)"
    marks = f"FROM hour_marks WHERE {span} GROUP BY hour"
    parts = [
        "SELECT arraySort(groupArray((hour, version)))",
        f"FROM (SELECT hour, version, mark {closed}) AS closed",
        f"INNER JOIN (SELECT hour, sum(rows) AS mark {marks}) AS marks USING (hour, mark)",
    ]
    if once:
        rolled = f"FROM rollup_hours WHERE {span} AND dimension = '' GROUP BY hour, version"
        parts.append(f"INNER JOIN (SELECT hour, version, sum(events) AS mark {rolled}) AS rolled")
        parts.append("USING (hour, version, mark)")
    return " ".join(parts)


def events(columns: str, where: str, within: Range, binder: Binder, known: str = "") -> str:
    """SELECT of these columns of events, each once; what is `known` comes behind WITH.

    FINAL tells what came twice, and takes its time: hours that hold nothing twice are read without.
    """
    first, last = whole(within)
    said = [known] if known else []
    if last is not None and last - first < _WORTH_HOURS * HOUR_SECONDS:
        return f"{_with(said)}SELECT {columns} FROM events FINAL WHERE {where}"  # noqa: S608  # names of our own
    said.insert(0, f"({clean(within, binder, once=True)}) AS clean")
    plain = f"SELECT {columns} FROM events WHERE {CLEAN} AND {where}"  # noqa: S608  # names of our own
    looked_at = f"SELECT {columns} FROM events FINAL WHERE {OPEN} AND {where}"  # noqa: S608  # names of our own
    return f"{_with(said)}SELECT * FROM ({plain} UNION ALL {looked_at})"  # noqa: S608  # names of our own


def _with(said: list[str]) -> str:
    return f"WITH {', '.join(said)} " if said else ""
