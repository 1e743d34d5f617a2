"""The span of sessions that a statement asks for, as far as its conditions say so: to read them all is costly."""

from sqlglot import exp

from queries.sandbox.calls import call
from queries.sandbox.views import LAST_SESSION

_COLUMN = "started_at"
#: whatever the zone of a time that was written without one
_SLACK_MS = 86_400_000
_CALLS = """
    now now64 today yesterday todate todatetime todatetime64 tostartofday tostartofhour tostartofweek tostartofmonth
    tostartofquarter tostartofyear tomonday parsedatetimebesteffort parsedatetime64besteffort subtractdays
    subtractweeks subtractmonths subtracthours adddays addweeks addmonths addhours tointervalday tointervalweek
    tointervalmonth tointervalhour
"""
_CONSTANT_CALLS = frozenset(_CALLS.split())
_CONSTANT = (exp.Literal, exp.Interval, exp.Var, exp.Add, exp.Sub, exp.Paren, exp.Neg)
_TURNED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ}
#: joins that keep a row only where both sides have it, or whose left side is all there is
_INNER = frozenset(("", "INNER", "CROSS", "ARRAY"))


def span_of(table: exp.Table) -> tuple[exp.Expr, exp.Expr]:
    """Expressions in Unix milliseconds, never narrower than what WHERE lets through: it is still there to decide."""
    since: list[exp.Expr] = []
    until: list[exp.Expr] = []
    select = table.find_ancestor(exp.Select)
    if select is not None and _narrows(select, table):
        for condition in _all_of(select.args["where"].this):
            _take(condition, table.alias_or_name, since, until)
    return _edge(since, "-", "greatest", 0), _edge(until, "+", "least", LAST_SESSION)


def _narrows(select: exp.Select, table: exp.Table) -> bool:
    """Whether a row that WHERE takes away may as well not be read at all."""
    if not select.args.get("where") or any(one.alias == _COLUMN for one in select.expressions):
        return False
    joins = select.args.get("joins") or []
    sides = {(one.side or "").upper() for one in joins} | {(one.kind or "").upper() for one in joins}
    first = isinstance(table.parent, exp.From)
    return sides <= (_INNER | {"LEFT"} if first else _INNER)


def _all_of(condition: exp.Expr) -> list[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return [*_all_of(condition.this), *_all_of(condition.expression)]
    return [condition]


def _take(condition: exp.Expr, alias: str, since: list[exp.Expr], until: list[exp.Expr]) -> None:
    if isinstance(condition, exp.Between) and _is_start(condition.this, alias):
        since += [one for one in (condition.args["low"],) if _constant(one)]
        until += [one for one in (condition.args["high"],) if _constant(one)]
        return
    kind = type(condition)
    if kind not in _TURNED:
        return
    left, right = condition.this, condition.expression
    if _is_start(right, alias):
        left, right, kind = right, left, _TURNED[kind]
    if not _is_start(left, alias) or not _constant(right):
        return
    if kind in (exp.GT, exp.GTE, exp.EQ):
        since.append(right)
    if kind in (exp.LT, exp.LTE, exp.EQ):
        until.append(right)


def _is_start(node: exp.Expr, alias: str) -> bool:
    return isinstance(node, exp.Column) and node.name == _COLUMN and node.table in {"", alias} and "db" not in node.args


def _constant(node: exp.Expr) -> bool:
    """Whether the engine can work it out before it reads anything."""
    return all(
        isinstance(one, _CONSTANT) or (isinstance(one, exp.Anonymous) and one.name.lower() in _CONSTANT_CALLS)
        for one in node.walk()
    )


def _edge(times: list[exp.Expr], sign: str, closest: str, otherwise: int) -> exp.Expr:
    """The closest of the edges, a day further out. A time that cannot be read narrows nothing."""
    if not times:
        return exp.Literal.number(otherwise)
    edges = [_in_milliseconds(one.copy()) for one in times]
    edge = edges[0] if len(edges) == 1 else call(closest, *edges)
    moved = exp.Sub if sign == "-" else exp.Add
    return call("ifNull", moved(this=edge, expression=exp.Literal.number(_SLACK_MS)), otherwise)


def _in_milliseconds(time: exp.Expr) -> exp.Expr:
    return call("toUnixTimestamp64Milli", call("toDateTime64OrNull", call("toString", time), 3, "UTC"))
