"""Funnel -> SQL: of everybody the attempt that comes furthest, found with arrays in one pass over the events. Pure.

An event becomes one number, time | first step it can be | all steps it can be, so that sorting numbers puts events in
their order. From the last step backwards, each event is given the steps that an attempt takes after it.

Sorting takes its time, and often it is not needed: of a step's events after an attempt's step, the least number is
the next. An attempt from somebody's very first step comes as far as any, unless it was the window that ended it; only
the numbers of those whose first attempt came late are sorted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from queries.reports import people
from queries.reports.asked import By, Scope
from queries.sql import Statement

#: bits that hold every Unix millisecond up to the year 2299, and a window more
_TIME_BITS = 44


@dataclass(frozen=True, slots=True)
class Step:
    """The condition holds for no events but those of this name; `every`: for all of them that are read."""

    event: str
    condition: str
    every: bool = False


@dataclass(frozen=True, slots=True)
class Funnel:
    """A checked funnel. `window` in ms; `value` is the dimension of the breakdown over rows of `events`, or ''."""

    scope: Scope
    steps: tuple[Step, ...]
    window: int
    strict: bool
    by: By
    value: str = ""
    limit: int = 10

    @property
    def bits(self) -> int:
        """How many of a number's low bits say which steps it can be."""
        return len(self.steps) + len(self.steps).bit_length()

    @property
    def number(self) -> str:
        """The type of an event's number."""
        return "UInt64" if _TIME_BITS + self.bits <= 64 else "UInt128"

    @property
    def none(self) -> str:
        """The number of no event: later than all."""
        return f"bitNot(to{self.number}(0))"

    @property
    def plain(self) -> bool:
        """Whether no event can be two steps and none ends an attempt; the events of sessions are in order anyway."""
        apart = len({step.event for step in self.steps}) == len(self.steps)
        return apart and not self.strict and self.by != "session"


def build(funnel: Funnel) -> Statement:
    """A row for all, then one for each value of the breakdown: whether it is for all, the value, a tuple for each step.

    The tuple: how many took it; median and mean milliseconds since the step before, NaN where nobody did.
    """
    taken = ", ".join(_taken(step) for step in range(1, len(funnel.steps) + 1))
    found = f"{taken} FROM ({_furthest(funnel)})"
    if not funnel.value:
        return Statement(f"SELECT 1 AS whole, '' AS value, {found}", funnel.scope.binder.parameters)
    text = (
        f"SELECT grouping(value) AS whole, value, {found} GROUP BY GROUPING SETS ((), (value)) "
        f"ORDER BY whole DESC, step1.1 DESC, value LIMIT {funnel.limit + 1}"
    )
    return Statement(text, funnel.scope.binder.parameters)


def _taken(step: int) -> str:
    if step == 1:
        return "(count(), nan, nan) AS step1"
    pause, took = f"times[{step}] - times[{step - 1}]", f"length(times) >= {step}"
    return f"(countIf({took}), quantileExactInclusiveIf(0.5)({pause}, {took}), avgIf({pause}, {took})) AS step{step}"


def _furthest(funnel: Funnel) -> str:
    """Of everybody the attempt that came furthest, of equal ones the earliest: `times` of its steps, `value`."""
    last = len(funnel.steps)
    after = ", ".join(_after(funnel, step) for step in range(last, 1, -1))
    in_time = "".join(f" + ({step} <= {_limit(funnel, 'x')})" for step in _rest(last, 2, "n"))
    levels = f"arrayMap((x, n) -> if({_is(1)}, 1{in_time}, 0), numbers, after2)"
    furthest = "arrayMax(levels) AS furthest, indexOf(levels, furthest) AS place"
    steps, level = ", ".join(("numbers[place]", *_rest(last, 2, "after2[place]"))), "furthest"
    rows = _numbers(funnel)
    if funnel.plain:
        rows = _firsts(funnel, rows)
        steps, level = f"if(late, [{steps}], firsts)", "if(late, furthest, came)"
    else:
        steps = f"[{steps}]"
    times = f"arrayMap(x -> toInt64({_time(funnel, 'x')}), arraySlice(steps, 1, level))"
    value = "arraySort(arrayMap(s -> s.2, arrayFilter(s -> s.1 = steps[1], starts)))[1]" if funnel.value else "''"
    return (
        f"SELECT {value} AS value, {times} AS times "
        f"FROM (SELECT *, {after}, {levels} AS levels, {furthest}, {steps} AS steps, {level} AS level "
        f"FROM ({rows})) WHERE level > 0"
    )


def _firsts(funnel: Funnel, rows: str) -> str:
    """Of everybody the attempt from the first event that is step 1: its `firsts`, how many `came`, and whether `late`.

    `numbers` are left, in order, to those alone whose attempt the window ended.
    """
    columns, before = [], ""
    for step in range(1, len(funnel.steps) + 1):
        wanted = f"{_is(step)} AND x > {before}" if before else _is(step)
        before = f"first{step}"
        columns.append(f"arrayMin(x -> if({wanted}, x, {funnel.none}), numbers) AS {before}")
    firsts = ", ".join(f"first{step}" for step in range(1, len(funnel.steps) + 1))
    found = f"arrayCount(x -> x != {funnel.none}, firsts)"
    late = f"came > 1 AND firsts[came] > {_limit(funnel, 'first1')}"
    return (
        f"SELECT * EXCEPT numbers, arraySort(if(late, found, [])) AS numbers FROM ("
        f"SELECT *, numbers AS found, {', '.join(columns)}, [{firsts}] AS firsts, {found} AS came, {late} AS late "
        f"FROM ({rows}))"
    )


def _limit(funnel: Funnel, number: str) -> str:
    """The last number that the window of an attempt holds."""
    window = funnel.scope.binder.bind(funnel.window << funnel.bits, funnel.number)
    return f"bitOr({number}, {(1 << funnel.bits) - 1}) + {window}"


def _after(funnel: Funnel, step: int) -> str:
    """For each event the earliest one after it that is this step, and those that follow that one step by step."""
    last = len(funnel.steps)
    none = _tuple([funnel.none] * (last - step + 1))
    if step == last:
        here = f"arrayMap(x -> if({_is(step)}, x, {none}), numbers)"
    else:
        taken = _tuple(["x", *_rest(last, step + 1, "n")])
        here = f"arrayMap((x, n) -> if({_is(step)}, {taken}, {none}), numbers, after{step + 1})"
    if not funnel.strict:
        here = f"arrayReverseFill(n -> {next(iter(_rest(last, step, 'n')))} != {funnel.none}, {here})"
    return f"arrayShiftLeft({here}, 1, {none}) AS after{step}"


def _rest(last: int, step: int, name: str) -> list[str]:
    """The numbers of this step and those behind in what `_after` gives: a tuple, but for the last step."""
    return [name] if step == last else [f"{name}.{part}" for part in range(1, last - step + 2)]


def _tuple(parts: Iterable[str]) -> str:
    several = list(parts)
    return several[0] if len(several) == 1 else f"({', '.join(several)})"


def _numbers(funnel: Funnel) -> str:
    """Of everybody the `numbers` of the events in order and, for the breakdown, `starts`: (number, value)."""
    columns = {"number": _number(funnel)}
    starts, also = "", ""
    if funnel.value:
        columns["value"] = f"if({_is(1, 'number')}, {funnel.value}, '')"
        starts, also = f", groupArrayIf((number, value), {_is(1, 'number')}) AS starts", ", starts"
    numbers = "groupArray(number)" if funnel.plain else "arraySort(groupArray(number))"
    grouped = f"SELECT who, {numbers} AS numbers{starts} FROM ({_read(funnel, columns)}) GROUP BY who"
    if funnel.by != "session":
        return grouped
    return people.visits(funnel.scope.binder, funnel.scope.span, grouped, _time(funnel, "number"), also)


def _read(funnel: Funnel, columns: dict[str, str]) -> str:
    """The events that can be steps; the later ones may lie behind the end of the range."""
    scope, (since, until) = funnel.scope, (funnel.scope.span.since, funnel.scope.span.until)
    if funnel.by == "session":
        return people.events(funnel.by, columns, scope.read, people.around(since, until), scope.binder)
    where = scope.read
    if not funnel.strict:
        names = scope.binder.bind(sorted({step.event for step in funnel.steps}), "Array(String)")
        where += f" AND name IN {names}"
        if not all(step.every for step in funnel.steps):
            where += f" AND bitAnd(number, {(1 << funnel.bits) - 1}) != 0"
    within = since, None if until is None else until + funnel.window
    return people.events(funnel.by, columns, where, within, scope.binder)


def _number(funnel: Funnel) -> str:
    kind, steps = f"to{funnel.number}", [f"({_can_be(funnel, step)})" for step in range(1, len(funnel.steps) + 1)]
    first = ", ".join(f"{can_be}, {step}" for step, can_be in enumerate(steps, start=1))
    number = f"bitShiftLeft({kind}(toUnixTimestamp64Milli(occurred_at)), {funnel.bits})"
    number += f" + bitShiftLeft({kind}(multiIf({first}, 0)), {len(steps)})"
    return number + "".join(f" + bitShiftLeft({kind}({can_be}), {at})" for at, can_be in enumerate(steps))


def _can_be(funnel: Funnel, step: int) -> str:
    """Whether an event can be this step; an attempt starts within the range, or in a session that does."""
    found, scope = funnel.steps[step - 1].condition, funnel.scope
    if step > 1 or funnel.by == "session" or scope.span.until is None:
        return found
    return f"{found} AND {people.between(scope.binder, scope.span.since, scope.span.until)}"


def _is(step: int, number: str = "x") -> str:
    """Whether a number is one of an event that can be this step."""
    return f"bitTest(toUInt32({number}), {step - 1})"


def _time(funnel: Funnel, number: str) -> str:
    """Unix milliseconds."""
    return f"bitShiftRight({number}, {funnel.bits})"
