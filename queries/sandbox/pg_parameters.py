"""$1 of PostgreSQL's extended protocol -> {p1:Type}: the type is what it is cast to, compared with or counted by."""

import datetime
import decimal
import uuid
from collections.abc import Mapping

from sqlglot import exp

from queries.sandbox.errors import Unfit
from queries.sandbox.pg_nodes import type_of
from queries.sandbox.views import VIEWS

_COLUMNS: Mapping[str, str] = {
    column.name: column.type for view in reversed(tuple(VIEWS.values())) for column in view.columns
}
#: ClickHouse wants a letter first
PREFIX = "p"
_PLAIN = frozenset(("String", "UUID", "UInt8", "UInt32", "UInt64", "Float64", "Bool"))
_BY_VALUE: tuple[tuple[type, str], ...] = (
    (bool, "Bool"),
    (int, "Int64"),
    (float, "Float64"),
    (decimal.Decimal, "Float64"),
    (datetime.datetime, "DateTime64(6, 'UTC')"),
    (datetime.date, "Date"),
    (uuid.UUID, "UUID"),
)


def mark(tree: exp.Expr, values: Mapping[str, object] | None) -> None:
    """Put a placeholder with a type in place of each. One that stands twice has the type of its first place."""
    kinds: dict[str, str] = {}
    for node in list(tree.find_all(exp.Parameter)):
        if not (isinstance(node.this, exp.Literal) and not node.this.is_string):
            raise Unfit("parameter", "Parameters are written $1, $2 and so on.")
        kinds.setdefault(node.name, "")
        kinds[node.name] = kinds[node.name] or _by_place(node)
    for node in list(tree.find_all(exp.Parameter)):
        kind = kinds[node.name] or _by_value((values or {}).get(node.name))
        written = exp.DataType.build(kind, dialect="clickhouse")
        node.replace(exp.Placeholder(this=exp.var(f"{PREFIX}{node.name}"), kind=written))


def _by_place(node: exp.Parameter) -> str:
    around = node.parent
    while isinstance(around, exp.Paren | exp.Tuple):
        around = around.parent
    if isinstance(around, exp.Cast):
        kind = type_of(around.to)
        return kind if kind.startswith("Array") else f"Nullable({kind})"
    if isinstance(around, exp.Limit | exp.Offset):
        return "UInt64"
    if isinstance(around, exp.Any):
        around = around.parent
        inner = _of_column(around)
        return f"Array({inner or 'String'})"
    column = _of_column(around)
    return f"Nullable({column})" if column else ""


def _of_column(around: exp.Expr | None) -> str:
    """The type of the column that stands on the other side."""
    if not isinstance(around, exp.Predicate | exp.In | exp.Between):
        return ""
    for one in around.iter_expressions():
        if isinstance(one, exp.Column) and (kind := _COLUMNS.get(one.name.lower())):
            kind = kind.removeprefix("LowCardinality(").removesuffix(")") if kind.startswith("Low") else kind
            return kind if kind in _PLAIN or kind.startswith("DateTime64") else ""
    return ""


def _by_value(value: object) -> str:
    if isinstance(value, list | tuple):
        inner = _by_value(next((one for one in value if one is not None), ""))
        return f"Array({inner})"
    for kind, name in _BY_VALUE:
        if isinstance(value, kind):
            return f"Nullable({name})"
    return "Nullable(String)"
