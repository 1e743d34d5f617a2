"""A person's events, newest first, and where their sessions begin, as SQL over deduplicated events. Pure.

The project is always bound; text comes from code, every value is a bound parameter.
"""

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from queries.questions.recent import COLUMNS
from queries.reports.people import DAY
from queries.reports.view import View
from queries.sql import Statement

#: who is asked about: the letter says what `id` is, as in the column `visitor`; none is everybody
Letter = Literal["u", "c", "v", ""]

_LINKED = "(SELECT client_id FROM identities(project={project:String}) WHERE user_id = {who:String})"
_WHOSE: dict[Letter, str] = {
    "u": f"(user_id = {{who:String}} OR (user_id = '' AND client_id IN {_LINKED}))",
    "c": "(user_id = '' AND client_id = {who:String})",
    "v": "(user_id = '' AND client_id = '' AND visitor_id = {who:String})",
    "": "1",
}
_SHOWN = ", ".join(f"{expression} AS `{name}`" for name, expression in COLUMNS.items() if name != "position")
#: the outer SELECT names columns anew, which a filter must not meet
_PAGE = """
SELECT $shown, session, cityHash64(session) AS key, toUnixTimestamp64Milli(at) AS at_ms, number FROM (
    SELECT *, occurred_at AS at, toUInt128(event_id) AS number,
        if(session_id != '', concat('s:', session_id), visitor) AS session
    FROM events FINAL WHERE $where AND $whose
        AND (toUnixTimestamp64Milli(occurred_at), toUInt128(event_id)) < ({before_ms:Int64}, {before_id:UInt128}))
ORDER BY at DESC, number DESC LIMIT {limit:UInt16}
""".replace("$shown", _SHOWN)
#: of each event: its number, Unix ms of its session's start, whether it is that start, and whether events that were
#: not read could say otherwise; sessions as the view `sessions` has them
_STARTS = """
SELECT number, toUnixTimestamp64Milli(start), place = first_place,
    start = earliest AND start <= fromUnixTimestamp64Milli({low:Int64} + gap) FROM (
    SELECT *, min(place) OVER (PARTITION BY session, start) AS first_place FROM (
        SELECT *, max(if(place > 1 AND at <= addMilliseconds(before, gap), toDateTime64('1900-01-01', 3, 'UTC'), at))
            OVER past AS start, min(at) OVER (PARTITION BY session) AS earliest
        FROM (
            SELECT *, row_number() OVER past AS place, lagInFrame(at) OVER past AS before FROM (
                SELECT occurred_at AS at, toUInt128(event_id) AS number,
                    if(session_id != '', concat('s:', session_id), visitor) AS session,
                    if(session_id != '', 86400000, 1800000) AS gap
                FROM events FINAL
                WHERE $read AND occurred_at >= fromUnixTimestamp64Milli({low:Int64})
                    AND occurred_at <= fromUnixTimestamp64Milli({high:Int64})
                    AND cityHash64(session) IN {keys:Array(UInt64)})
            WINDOW past AS (PARTITION BY session ORDER BY at, number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
        WINDOW past AS (PARTITION BY session ORDER BY at, number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)))
WHERE number IN {numbers:Array(UInt128)}"""
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})")
#: how far back from a page events are read to find where its sessions begin: farther where that was not enough
LOOKS = (2 * DAY, 16 * DAY, 128 * DAY, 200_000 * DAY)


class Cursor(msgspec.Struct, frozen=True):
    """Behind an event: the older ones follow. Written as its time and id."""

    ms: int = 2**62
    id: int = 0

    def __str__(self) -> str:
        return f"{self.ms}.{self.id:032x}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises `ValueError` for anything that `str` of a cursor never gives."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("one that an earlier answer gave")
        return cls(int(match[1]), int(match[2], 16))


@dataclass(frozen=True, slots=True)
class Person:
    """A user with her linked anonymous ids, an anonymous id that is nobody's, a cookieless visitor, or everybody."""

    letter: Letter
    id: str


def page(view: View, person: Person, before: Cursor, limit: int) -> Statement:
    """Rows of `recent.COLUMNS` but the position, then session and its key, Unix ms and number; the latest first."""
    parameters = {"who": person.id, "before_ms": before.ms, "before_id": before.id, "limit": limit}
    found = view.statement(_PAGE.replace("$whose", _WHOSE[person.letter]))
    return Statement(found.text, found.parameters | parameters)


def starts(read: str, project: str, numbers: dict[int, tuple[int, int]], back: int) -> Statement:
    """Rows of number, Unix ms of the session's start, whether the event is it, whether that is uncertain.

    `numbers`: number of an event -> its session's key and Unix ms. `read`: which events make sessions.
    """
    times = [at for _, at in numbers.values()]
    return Statement(
        _STARTS.replace("$read", read),
        {
            "project": project,
            "low": max(min(times) - back, 0),
            "high": max(times),
            "keys": sorted({key for key, _ in numbers.values()}),
            "numbers": sorted(numbers),
        },
    )
