"""What the columns of an answer of the catalog are called, and which types they have, as far as the question tells."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from queries.psql import kinds
from queries.psql.catalog import functions
from queries.psql.catalog.tables import COLUMNS
from queries.psql.kinds import Kind

_KNOWN: Mapping[str, str] = {**COLUMNS, **functions.RESULTS}
_NUMBERS = frozenset(("count", "row_number", "rank", "sum", "length", "position", "strpos"))
_OF_ARGUMENT = frozenset(("coalesce", "max", "min", "nullif"))
_TRUTHS = (exp.Predicate, exp.Not, exp.And, exp.Or, exp.Boolean)
_WHO: Mapping[type[exp.Expr], str] = {
    exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user",
    exp.CurrentRole: "current_role",
    exp.CurrentSchema: "current_schema",
    exp.CurrentCatalog: "current_catalog",
}
_UNNAMED = "?column?"


def known(name: str) -> Kind | None:
    """The type of a catalog's column, or of a function, of this name."""
    return kinds.named(_KNOWN.get(name.lower(), ""))


def kind(node: exp.Expr) -> Kind | None:
    """The type of an expression, or None where only its values tell."""
    node = node.unalias()
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        node = node.expression
    look = _LOOKS.get(type(node))
    if look is not None:
        return look(node)
    return kinds.BOOL if isinstance(node, _TRUTHS) else None


def title(node: exp.Expr) -> str:
    """What PostgreSQL calls a column: its alias or name, else the function, the type of a cast, or nothing."""
    if isinstance(node, exp.Alias | exp.Column):
        name = node.args["alias"] if isinstance(node, exp.Alias) else node.this
        return str(name.name if name.args.get("quoted") else name.name.lower())
    if isinstance(node, exp.Cast | exp.Paren):
        inner = title(node.this)
        cast = _cast(node) if inner == _UNNAMED and isinstance(node, exp.Cast) else None
        return cast.name if cast else inner
    if isinstance(node, exp.Dot):
        return str(node.expression.name)
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    return "case" if isinstance(node, exp.Case) else _WHO.get(type(node), _UNNAMED)


def _cast(node: exp.Expr) -> Kind | None:
    found = kinds.named(node.args["to"].sql(dialect="postgres"))
    return found or (kinds.TEXT if "reg" in node.args["to"].sql(dialect="postgres").lower() else None)


def _inside(node: exp.Expr) -> Kind | None:
    return kind(node.this)


def _subquery(node: exp.Expr) -> Kind | None:
    selects = node.this.selects if isinstance(node.this, exp.Query) else []
    return kind(selects[0]) if len(selects) == 1 else None


def _case(node: exp.Expr) -> Kind | None:
    branches = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
    return next((found for one in branches if one is not None and (found := kind(one))), None)


def _function(node: exp.Expr) -> Kind | None:
    name = node.name.lower()
    if name in _OF_ARGUMENT and node.expressions:
        return kind(node.expressions[0])
    if name in {"array_agg", "array"}:
        return kinds.BY_NAME["_text"]
    if name in _NUMBERS:
        return kinds.INT8
    return known(name) or (kinds.TEXT if name in functions.NAMES else None)


_LOOKS: dict[type[exp.Expr], Callable[[exp.Expr], Kind | None]] = {
    exp.Cast: _cast,
    exp.Paren: _inside,
    exp.Window: _inside,
    exp.Filter: _inside,
    exp.Subquery: _subquery,
    exp.Case: _case,
    exp.Anonymous: _function,
    exp.Column: lambda node: known(node.name),
    exp.Literal: lambda node: kinds.TEXT if node.is_string else None,
    **dict.fromkeys(_WHO, lambda _: kinds.BY_NAME["name"]),
}
