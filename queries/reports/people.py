"""Whose an event is: a person, a visitor or a session of the project, as SQL over deduplicated events. Pure.

A person is what `queries/questions/sources.py` takes for one. Events that are nobody's are left out.
"""

from queries.questions import closed
from queries.questions.binder import Binder
from queries.questions.bots import CONDITION, Bots
from queries.questions.closed import Range
from queries.questions.sources import LINKED, OWN, PERSON
from queries.questions.spans import Span
from queries.questions.visits import SESSION

DAY = 86_400_000
#: a visitor that does nothing for so long begins a new session; with a session id of the client's own it takes a day
GAP = f"if(startsWith(who, 's:'), {DAY}, 1800000)"
#: no event has a later time than the year 2299
_LAST = 10_413_791_999_999


def of_project(bots: Bots) -> str:
    """The condition that every scan of `events` starts with."""
    return f"project = {{project:String}} AND {CONDITION[bots]}"


def between(binder: Binder, since: int, until: int | None) -> str:
    """Events that occurred in a range, Unix milliseconds; None leaves its end open."""
    found = f"occurred_at >= {_moment(binder, since)}"
    return found if until is None else f"{found} AND occurred_at < {_moment(binder, until)}"


def events(by: str, columns: dict[str, str], where: str, within: Range, binder: Binder) -> str:
    """SELECT of `who` and the columns, a row for each event of the range; by person, visitor or session."""
    shown = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    read = f"{where} AND {between(binder, *within)}"
    if by == "person":
        who = f"{OWN} AS own, {PERSON} AS who"
        return closed.events(f"{who}, {shown}", f"{read} AND own != ''", within, binder, LINKED)
    who = "visitor" if by == "visitor" else SESSION
    return closed.events(f"{who} AS who, {shown}", f"{read} AND who != ''", within, binder)


def around(since: int, until: int | None) -> Range:
    """Of the events that sessions which start in a range are told by: from a day before it to a day behind it."""
    return since - DAY, None if until is None else until + DAY


def visits(binder: Binder, span: Span, grouped: str, time: str, also: str = "") -> str:
    """SELECT of `who`, `numbers` and what comes `also`, a row for each session that starts in the span.

    `grouped` gives the `numbers` of all events of `who` in order, as text or tuples; `time` is the Unix ms of one,
    called `number`.
    """
    until = _LAST - DAY if span.until is None else min(span.until, _LAST - DAY)
    first = f"arrayElement(arrayMap(number -> {time}, visit), 1)"
    return (
        f"SELECT who{also}, arrayFilter(number -> {time} < start + {DAY}, visit) AS numbers FROM ("
        f"SELECT who{also}, visit, {first} AS start FROM ("
        f"SELECT who{also}, arrayJoin(arraySplit((number, pause) -> pause > {GAP}, numbers, "
        f"arrayDifference(arrayMap(number -> toInt64({time}), numbers)))) AS visit FROM ({grouped})) "
        f"WHERE start >= {binder.bind(max(span.since, 0), 'Int64')} AND start < {binder.bind(until, 'Int64')})"
    )


def _moment(binder: Binder, time: int) -> str:
    return f"fromUnixTimestamp64Milli({binder.bind(min(max(time, 0), _LAST), 'Int64')})"
