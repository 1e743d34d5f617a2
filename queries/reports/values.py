"""What properties hold, as SQL over deduplicated events. Pure: text from code, every value a bound parameter."""

from collections.abc import Sequence

from queries.questions.dimensions import Dimension
from queries.reports.view import View
from queries.sql import Statement

#: values are shown up to so many characters
MAX_VALUE = 1000

#: names of an event's properties as the catalog has them, those that were seen most often first
_NAMES = """
SELECT property FROM catalog_properties FINAL
WHERE project = {project:String} AND name = {event:String} AND type != ''
GROUP BY property ORDER BY sum(events) DESC, property LIMIT {most:UInt16}"""
_EVENTS = """
SELECT sum(count()) OVER (), name, count(), uniqExactIf(visitor, visitor != ''),
    toUnixTimestamp64Milli(min(occurred_at)), toUnixTimestamp64Milli(max(occurred_at))
FROM events FINAL WHERE $where GROUP BY name ORDER BY count() DESC, name LIMIT {most:UInt16}"""
#: a row with an empty name counts the events
_PROPERTIES = """
SELECT held.1, count(), sumMap(map(held.2, toUInt64(1))), uniqExact(held.3, held.4)
FROM (SELECT arrayJoin(arrayFilter(one -> one.2 != '', [$held])) AS held
    FROM events FINAL WHERE $where)
GROUP BY held.1"""
_SUMMARY = """
SELECT count(), countIf(held.1 != ''), sumMap(map(held.1, toUInt64(1))), uniqExactIf(held.2, held.3, held.1 != ''),
    min(figure), max(figure), avg(figure)
FROM (SELECT $held AS held, $figure AS figure FROM events FINAL WHERE $where)"""
_VALUES = """
SELECT held.2 AS type, substringUTF8(held.3, 1, {longest:UInt16}), count(), uniqExactIf(whose, whose != '')
FROM (SELECT $held AS held, visitor AS whose FROM events FINAL WHERE $where)
WHERE held.1 != '' GROUP BY held.2, held.3 ORDER BY count() DESC, held.2, held.3 LIMIT {most:UInt16}"""


def names(project: str, event: str, most: int) -> Statement:
    """A row for each property."""
    return Statement(_NAMES, {"project": project, "event": event, "most": most})


def events(view: View, most: int) -> Statement:
    """Rows of all events' number, name, events, visitors, Unix ms of the first and the last; most events first."""
    view.binder.parameters["most"] = most
    return view.statement(_EVENTS)


def properties(view: View, among: Sequence[Dimension]) -> Statement:
    """Rows of name, events, types with their events, how many different values; '' is all events of the view."""
    held = ["('', 'events', '', '')"]
    held += [f"({view.binder.bind(one.path, 'String')}, {_held(view, one)})" for one in among]
    return view.statement(_PROPERTIES.replace("$held", ", ".join(held)))


def summary(view: View, one: Dimension) -> Statement:
    """One row: events, events that have it, types, different values; least, greatest and mean of its numbers."""
    return view.statement(
        _SUMMARY.replace("$held", f"({_held(view, one)})").replace("$figure", one.figure(view.binder))
    )


def values(view: View, one: Dimension, most: int) -> Statement:
    """Rows of type, value, events, visitors, the most frequent first. 1 and 1.0 are one number."""
    view.binder.parameters |= {"most": most, "longest": MAX_VALUE}
    return view.statement(_VALUES.replace("$held", f"({_held(view, one)})"))


def _held(view: View, one: Dimension) -> str:
    """Type as the catalog calls it, '' where there is none; the same with all numbers as one; the value as text."""
    kind = _KIND.replace("$value", view.binder.bind(one.name, "Identifier"))
    return f"{kind}, replaceRegexpOne({kind}, '^integer$', 'number'), ifNull({one.text(view.binder)}, '')"


_KIND = (
    "multiIf(dynamicType($value) = 'None', '', dynamicType($value) = 'String', 'string', dynamicType($value) = 'Bool', "
    "'boolean', dynamicType($value) = 'Float64', 'number', match(dynamicType($value), '^U?Int'), 'integer', "
    "startsWith(dynamicType($value), 'Array'), 'array', 'other')"
)
