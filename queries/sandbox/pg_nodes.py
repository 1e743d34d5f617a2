"""PostgreSQL's operators, casts and aggregates -> ClickHouse's: a table from node to node."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from queries.sandbox.calls import call
from queries.sandbox.errors import Unfit
from queries.sandbox.pg_functions import json_text, part, translated
from queries.sandbox.views import VIEWS

_TIME = "DateTime64(6, 'UTC')"
_TYPES: Mapping[exp.DType, str] = {
    exp.DType.TIMESTAMP: _TIME,
    exp.DType.TIMESTAMPTZ: _TIME,
    exp.DType.TIMESTAMPNTZ: _TIME,
    exp.DType.DATETIME: _TIME,
    exp.DType.DATE: "Date",
    exp.DType.TEXT: "String",
    exp.DType.VARCHAR: "String",
    exp.DType.CHAR: "String",
    exp.DType.BPCHAR: "String",
    exp.DType.NAME: "String",
    exp.DType.SMALLINT: "Int16",
    exp.DType.INT: "Int32",
    exp.DType.BIGINT: "Int64",
    exp.DType.FLOAT: "Float32",
    exp.DType.DOUBLE: "Float64",
    exp.DType.BOOLEAN: "Bool",
    exp.DType.UUID: "UUID",
}
_TIMES = frozenset(one.name for view in VIEWS.values() for one in view.columns if "DateTime64" in one.type)
Turn = Callable[[Any], exp.Expr]


def turned(node: exp.Expr) -> exp.Expr:
    """The node in ClickHouse's words; its parts were turned before. For `exp.Expr.transform`-like use, bottom up."""
    turn = _TURNS.get(type(node))
    return turn(node) if turn else node


def type_of(to: exp.Expr) -> str:
    """ClickHouse's spelling of a type, without Nullable. NUMERIC without digits is a Float64."""
    if not isinstance(to, exp.DataType):
        raise Unfit("type", f"There is no type {to.sql()[:40].lower()} here.")
    if to.this is exp.DType.DECIMAL:
        digits = ", ".join(one.name for one in to.expressions)
        return f"Decimal({digits})" if digits else "Float64"
    if to.this is exp.DType.ARRAY and to.expressions:
        return f"Array({type_of(to.expressions[0])})"
    if to.this not in _TYPES:
        raise Unfit("type", f"There is no type {getattr(to.this, 'value', to.this)!s:.40} here.")
    return _TYPES[to.this]


def cast(value: exp.Expr, kind: str) -> exp.Expr:
    """A cast that keeps NULL; times are read in every usual spelling."""
    if kind == "String" and isinstance(text := json_text(value), exp.Anonymous):
        return text
    if kind == _TIME and isinstance(value, exp.Literal) and value.is_string:
        return call("parseDateTime64BestEffort", value, 6, "UTC")
    if kind == "Date" and isinstance(value, exp.Literal) and value.is_string:
        return call("toDate", value)
    whole = kind if kind.startswith("Array") else f"Nullable({kind})"
    return call("CAST", value, whole)


def _cast(node: exp.Cast) -> exp.Expr:
    value, to = node.this, node.to
    if isinstance(to, exp.DataType) and to.this is exp.DType.INTERVAL:
        return exp.Interval(this=value)
    if isinstance(to, exp.DataType) and to.this in {exp.DType.JSON, exp.DType.JSONB}:
        return json_text(value)
    return cast(value, type_of(to))


def _json(node: Any) -> exp.Expr:
    """-> and ->>, and chains of them, as one look into the text."""
    keys: list[exp.Expr] = []
    at: exp.Expr = node
    while isinstance(at, exp.JSONExtract | exp.JSONExtractScalar):
        keys[:0] = _keys(at.expression)
        at = at.this.unnest()
    return _looked_up(at, keys, text=isinstance(node, exp.JSONExtractScalar))


def _path(node: Any) -> exp.Expr:
    """#> and #>>, with the path as '{a,b,0}'."""
    if not (isinstance(node.expression, exp.Literal) and node.expression.name.startswith("{")):
        raise Unfit("feature", "The path behind #> or #>> is written out, such as '{a,b}'.")
    steps = [step.strip().strip('"') for step in node.expression.name.strip("{}").split(",")]
    return _looked_up(node.this, [_key(step) for step in steps], text=isinstance(node, exp.JSONBExtractScalar))


def _looked_up(base: exp.Expr, keys: list[exp.Expr], *, text: bool) -> exp.Expr:
    if text:
        return call("JSONExtract", json_text(base), *keys, "Nullable(String)")
    return call("nullIf", call("JSONExtractRaw", json_text(base), *keys), "")


def _keys(path: exp.Expr) -> list[exp.Expr]:
    if not isinstance(path, exp.JSONPath):
        return [path]
    steps = [one for one in path.expressions if not isinstance(one, exp.JSONPathRoot)]
    return [_key(str(one.this), is_index=isinstance(one, exp.JSONPathSubscript)) for one in steps]


def _key(step: str, *, is_index: bool | None = None) -> exp.Expr:
    """Arrays count from 0 there and from 1 here, backwards from -1 in both."""
    if is_index or (is_index is None and step.lstrip("-").isdigit()):
        index = int(step)
        return exp.Literal.number(index + 1) if index >= 0 else exp.Neg(this=exp.Literal.number(-index))
    return exp.Literal.string(step)


def _any(node: Any) -> exp.Expr:
    """value = ANY(array)"""
    side = node.expression
    if isinstance(side, exp.Any):
        inside = side.this.unnest()
        if isinstance(inside, exp.Query):
            raise Unfit("feature", "= ANY takes an array here: write IN (SELECT …).")
        return call("has", inside, node.this)
    return node if isinstance(node, exp.Expr) else exp.Null()


def within(node: exp.WithinGroup) -> exp.Expr:
    order = node.expression.expressions
    inner = node.this
    if inner.name.lower() != "percentile_cont" or len(order) != 1 or order[0].args.get("desc"):
        raise Unfit("function", "WITHIN GROUP is taken for percentile_cont(level) in ascending order.")
    level = inner.expressions[0]
    return exp.ParameterizedAgg(this="quantileExactInclusiveOrNull", expressions=[level], params=[order[0].this])


def _group_concat(node: exp.GroupConcat) -> exp.Expr:
    if isinstance(node.this, exp.Order | exp.Distinct):
        raise Unfit("feature", "string_agg takes no DISTINCT and no ORDER BY here.")
    separator = node.args.get("separator") or exp.Literal.string("")
    return call("arrayStringConcat", call("groupArray", call("toString", node.this)), separator)


def _at_zone(node: exp.AtTimeZone) -> exp.Expr:
    return call("toTimeZone", node.this, node.args["zone"])


def _substring(node: exp.Substring) -> exp.Expr:
    some = [node.this, node.args.get("start") or exp.Literal.number(1), node.args.get("length")]
    return call("substringUTF8", *(one for one in some if one is not None))


def _string(node: Any) -> exp.Expr:
    return exp.Literal.string(node.name)


def _compared(node: Any) -> exp.Expr:
    """A time that is compared with a column of times is read in every usual spelling."""
    sides = [part for part in (node.this, *(node.args.get(name) for name in ("expression", "low", "high"))) if part]
    if any(isinstance(side, exp.Column) and side.name in _TIMES for side in sides):
        for side in sides:
            if isinstance(side, exp.Literal) and side.is_string:
                side.replace(cast(side.copy(), _TIME))
    return _any(node) if isinstance(node, exp.EQ) else exp.Paren(this=node) if isinstance(node, exp.Between) else node


def _is(node: exp.Is) -> exp.Expr:
    if not node.args.get("negate"):
        return node
    return exp.Not(this=exp.Paren(this=exp.Is(this=node.this, expression=node.expression)))


_TURNS: Mapping[type[exp.Expr], Turn] = {
    exp.Anonymous: lambda node: translated(node.name, node.expressions),
    exp.Cast: _cast,
    exp.JSONBExtract: _path,
    exp.JSONBExtractScalar: _path,
    exp.JSONBContainsTopKey: lambda node: call("JSONHas", json_text(node.this), node.expression),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between), _compared),
    exp.Is: _is,
    exp.RegexpLike: lambda node: call("match", node.this, node.expression),
    exp.RegexpILike: lambda node: call("match", node.this, call("concat", "(?i)", node.expression)),
    exp.Extract: lambda node: part(node.name, node.expression),
    exp.AtTimeZone: _at_zone,
    exp.Substring: _substring,
    exp.StrPosition: lambda node: call("positionUTF8", node.this, node.args["substr"]),
    exp.GroupConcat: _group_concat,
    exp.Explode: lambda node: call("arrayJoin", node.this),
    exp.Pow: lambda node: call("power", node.this, node.expression),
    exp.CurrentTimestamp: lambda _: call("now64", 6, "UTC"),
    exp.Localtimestamp: lambda _: call("now64", 6, "UTC"),
    exp.CurrentDate: lambda _: call("today"),
    exp.ByteString: _string,
    exp.Collate: lambda node: node.this,
    exp.ArrayOverlaps: lambda node: call("hasAny", node.this, node.expression),
    exp.ArrayContainsAll: lambda node: call("hasAll", node.this, node.expression),
    exp.Variadic: lambda node: node.this,
}
JSON_CHAIN = (exp.JSONExtract, exp.JSONExtractScalar)
json_chain = _json
