"""Filters: which events count. JSON arrays as Plausible's query has them -> a checked tree -> a condition. Pure.

["is", "country", ["DE", "AT"]]        ["and", [f, g]]    ["or", [f, g]]    ["not", f]
["gte", "properties.price", 10]        ["has_done", f]    ["has_not_done", f]
["is_set", "properties.coupon"]        [f, g]: both
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ingest_api.errors import Detail
from queries.entry import sharing
from queries.errors import Refused
from queries.questions import dimensions
from queries.questions.binder import Binder
from queries.questions.dimensions import Dimension, is_text
from queries.request import quoted

MAX_DEPTH, MAX_LEAVES, MAX_VALUES, MAX_PATTERNS, MAX_TEXT = 8, 100, 1000, 100, 1024
#: whose an event or a session is as far as it says so itself: what `has_done` looks for among `Binder.doers`
KEY = "if(user_id != '', concat('u:', user_id), visitor)"

_PATTERNS = frozenset({"contains", "matches"})
_ORDERS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
#: operators that say what is not so
_POSITIVE = {"is_not": "is", "contains_not": "contains", "matches_not": "matches", "is_not_set": "is_set"}
_COMBINED = ("and", "or", "not", "has_done", "has_not_done")
OPERATORS = ("is", "contains", "matches", "is_set", *_POSITIVE, *_ORDERS, *_COMBINED)
_DIGITS = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of one dimension: is, contains, matches (RE2), is_set, gt, gte, lt or lte.

    Numbers are compared with numbers, text with text.
    """

    operator: str
    dimension: Dimension
    values: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """All of them; without any, everything."""

    parts: tuple["Filter", ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """At least one."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other events."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class Did:
    """All events of people who have such an event in the range."""

    part: "Filter"


Filter: TypeAlias = Leaf | And | Or | Not | Did
EVERYTHING = And()


def parse(raw: object, where: str = "filters") -> Filter:
    """A filter, or a list of filters that all hold. Raises `Refused` that names every place that is wrong."""
    if isinstance(raw, list) and not (raw and isinstance(raw[0], str)):
        parts = _all(raw, where, 1)
        found = parts[0] if len(parts) == 1 else And(parts)
    else:
        found = _one(raw, where, 1)
    if len(tuple(leaves(found))) > MAX_LEAVES:
        raise _wrong(where, f"has more than {MAX_LEAVES} tests")
    return found


def leaves(found: Filter) -> Iterator[Leaf]:
    """Every test in it, those of what people did included."""
    match found:
        case Leaf():
            yield found
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part) | Did(part):
            yield from leaves(part)


def condition(found: Filter, binder: Binder) -> str:
    """Over rows of `events`. Raises `Refused` where a test is of sessions, or `has_done` has no range to look at."""
    match found:
        case Leaf():
            if not found.dimension.event and not found.dimension.path:
                raise Refused(400, f"filters: {found.dimension.name} belongs to sessions, and events are asked for.")
            return tested(found, found.dimension.text(binder), binder)
        case And(()):
            return "1"
        case And(parts):
            return f"({' AND '.join(condition(part, binder) for part in parts)})"
        case Or(parts):
            return f"({' OR '.join(condition(part, binder) for part in parts)})"
        case Not(part):
            return f"(NOT {condition(part, binder)})"
        case Did(part):
            return did(part, binder)


def did(part: Filter, binder: Binder) -> str:
    """Whether an event, or a session, is of somebody who has an event like this in the range."""
    if binder.doers is None:
        raise Refused(400, "filters: has_done and has_not_done cannot be asked here.")
    return f"({KEY} IN ({binder.doers(condition(part, binder))}))"


def tested(leaf: Leaf, value: str, binder: Binder) -> str:
    """A leaf on an expression: of text, or of the number that a number's dimension is."""
    dimension, operator = leaf.dimension, leaf.operator
    if operator == "is_set":
        return "1" if dimension.number else f"({value} != '')"
    number = value if dimension.number else dimension.figure(binder) if dimension.path else ""
    if operator in _ORDERS:
        return f"ifNull({number} {_ORDERS[operator]} {binder.bind(leaf.values[0], 'Float64')}, 0)"
    if operator == "contains":
        return _any(f"position({value}, {binder.bind(one, 'String')}) > 0" for one in leaf.values)
    if operator == "matches":
        return _any(f"match({value}, {binder.bind(one, 'String')})" for one in leaf.values)
    texts = [one for one in leaf.values if isinstance(one, str)]
    figures = [one for one in leaf.values if not isinstance(one, str)]
    found = [_equal(value, texts, "String", binder)] if texts else []
    if figures:
        found.append(f"ifNull({_equal(number, figures, 'Float64', binder)}, 0)")
    return _any(found)


def _equal(value: str, among: Sequence[object], kind: str, binder: Binder) -> str:
    if len(among) == 1:
        return f"{value} = {binder.bind(among[0], kind)}"
    return f"{value} IN {binder.bind(among, f'Array({kind})')}"


def _any(tests: Iterable[str]) -> str:
    return f"({' OR '.join(tests)})"


def _all(raw: object, place: str, depth: int) -> tuple[Filter, ...]:
    if not isinstance(raw, list):
        raise _wrong(place, "must be a list of filters")
    found: list[Filter] = []
    details: list[Detail] = []
    for index, one in enumerate(raw):
        try:
            found.append(_one(one, f"{place}[{index}]", depth))
        except Refused as refused:
            details += refused.details
    if details:
        raise _refused(details)
    return tuple(found)


def _one(raw: object, place: str, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise _wrong(place, f"is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], str):
        raise _wrong(place, 'must be a filter such as ["is", "country", ["DE"]]')
    operator = raw[0]
    if operator not in OPERATORS:
        raise _wrong(f"{place}[0]", f"{quoted(operator)} is not one of {', '.join(OPERATORS)}")
    wanted = 2 if operator in _COMBINED or operator.endswith("_set") else 3
    if len(raw) != wanted:
        raise _wrong(place, f"{operator} has {wanted} parts, not {len(raw)}")
    if operator in {"and", "or"}:
        parts = _all(raw[1], f"{place}[1]", depth + 1)
        if not parts:
            raise _wrong(f"{place}[1]", "must have at least one filter")
        return And(parts) if operator == "and" else Or(parts)
    if operator in {"has_done", "has_not_done"}:
        sharing.withhold(f"{operator} follows persons")
    if operator in {"not", "has_done", "has_not_done"}:
        part = _one(raw[1], f"{place}[1]", depth + 1)
        part = part if operator == "not" else Did(part)
        return part if operator == "has_done" else Not(part)
    positive = _POSITIVE.get(operator, operator)
    leaf = _leaf(positive, raw, place)
    return leaf if positive == operator else Not(leaf)


def _leaf(operator: str, raw: list[object], place: str) -> Leaf:
    if not isinstance(raw[1], str):
        raise _wrong(f"{place}[1]", "must be the name of a dimension")
    try:
        dimension = dimensions.find(raw[1], "")
    except Refused as refused:
        raise _wrong(f"{place}[1]", refused.message.removeprefix(": ")) from refused
    if operator == "is_set":
        return Leaf(operator, dimension)
    if operator in _ORDERS and not (dimension.number or dimension.path):
        raise _wrong(place, f"{dimension.name} is text, and {operator} compares numbers")
    if operator in _PATTERNS and dimension.number:
        raise _wrong(place, f"{dimension.name} is a number, and {operator} is for text")
    given = raw[2] if isinstance(raw[2], list) else [raw[2]]
    most = 1 if operator in _ORDERS else MAX_PATTERNS if operator in _PATTERNS else MAX_VALUES
    if not 0 < len(given) <= most:
        raise _wrong(f"{place}[2]", "must be one number" if most == 1 else f"must have 1 to {most} values")
    return Leaf(operator, dimension, _values(operator, dimension, given, f"{place}[2]"))


def _values(operator: str, dimension: Dimension, given: list[object], place: str) -> tuple[str | float, ...]:
    """Numbers where numbers are compared, text where text is, and both of a property."""
    numbers = operator in _ORDERS or dimension.number
    either = bool(dimension.path) and operator == "is"
    wanted = "a number" if numbers else f"text of at most {MAX_TEXT} characters{', or a number' if either else ''}"
    found: list[str | float] = []
    for index, one in enumerate(given):
        value: str | float | None = _number(one) if numbers else _text(one)
        if value is None and either:
            value = _number(one)
        if value is None:
            raise _wrong(f"{place}[{index}]", f"must be {wanted}")
        found.append(value)
    return tuple(found)


def _number(value: object) -> float | None:
    """A number, also one as a query string has it."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        return float(value)
    return None


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or len(value) > MAX_TEXT or not is_text(value):
        return None
    return value


def _wrong(place: str, message: str) -> Refused:
    return _refused([Detail(place, message)])


def _refused(details: list[Detail]) -> Refused:
    return Refused(400, "; ".join(f"{one.field}: {one.message}" for one in details[:5]), details)
