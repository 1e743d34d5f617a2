"""PostgreSQL's dialect -> ClickHouse's, still as the text of a statement: what comes out is checked like any other."""

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from queries.sandbox import pg_parameters
from queries.sandbox.dialect import Sandbox
from queries.sandbox.errors import Unfit
from queries.sandbox.parse import parse
from queries.sandbox.pg_dialect import Pg
from queries.sandbox.pg_nodes import JSON_CHAIN, json_chain, turned, within

_PG, _CLICKHOUSE = Pg(), Sandbox()
_UNNAMED = "?column?"
#: where PostgreSQL's clients think that the views are
_SCHEMAS = frozenset(("public", "events"))


def translate(text: str, values: Mapping[str, object] | None) -> tuple[str, tuple[str, ...] | None]:
    """The statement in ClickHouse's words, and PostgreSQL's labels of its columns; None where there is a *.

    Raises `Unfit`. Names without quotes are folded to small letters, $1 becomes {1:Type}.
    """
    tree = parse(text, _PG)
    labels = _label(tree)
    tree = _ordered(tree)
    _booleans(tree)
    for name in list(tree.find_all(exp.Identifier)):
        if not name.args.get("quoted"):
            name.set("this", name.name.lower())
    for node in list(tree.find_all(exp.Table, exp.Column)):
        _without_schema(node)
    pg_parameters.mark(tree, values)
    return _write(_turn(tree)), labels


def _turn(node: exp.Expr) -> exp.Expr:
    """Bottom up; a chain of -> is turned as one, from its top."""
    if isinstance(node, exp.WithinGroup):
        node = within(node)
    if isinstance(node, JSON_CHAIN):
        at: exp.Expr = node
        while isinstance(at, JSON_CHAIN):
            if not isinstance(at.expression, exp.JSONPath):
                at.set("expression", _turn(at.expression))
            holder, at = at, at.this.unnest()
        holder.set("this", _turn(at))
        return json_chain(node)
    for name, part in list(node.args.items()):
        if isinstance(part, exp.Expr):
            node.set(name, _turn(part))
        elif isinstance(part, list):
            node.set(name, [_turn(one) if isinstance(one, exp.Expr) else one for one in part])
    return turned(node)


def _ordered(tree: exp.Query) -> exp.Query:
    """ORDER BY and LIMIT behind a UNION are the whole's, not those of its last SELECT."""
    for part in list(tree.find_all(exp.SetOperation)):
        behind = {name: part.args[name] for name in ("order", "limit", "offset") if part.args.get(name)}
        if not behind:
            continue
        within, names = part.args.get("with_"), part.copy()
        for name in (*behind, "with_"):
            names.set(name, None)
        whole = exp.select("*").from_(exp.Subquery(this=names, alias=exp.TableAlias(this=exp.to_identifier("whole"))))
        for name, value in (*behind.items(), ("with_", within)):
            whole.set(name, value)
        if part is tree:
            tree = whole
        else:
            part.replace(whole)
    return tree


def _write(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect=_CLICKHOUSE, comments=False, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise Unfit("feature", "A part of the statement has no counterpart here.") from error


def _without_schema(node: exp.Expr) -> None:
    """public.events is events."""
    if node.args.get("db") and node.args["db"].name in _SCHEMAS and not node.args.get("catalog"):
        node.set("db", None)


def _label(tree: exp.Query) -> tuple[str, ...] | None:
    """PostgreSQL's labels; columns without one get an alias, so that ClickHouse finds no two alike."""
    selects = tree.selects
    if any(one.is_star for one in selects):
        return None
    labels = [_name_of(one) for one in selects]
    if isinstance(tree, exp.Select):
        for place, (one, label) in enumerate(zip(list(selects), labels, strict=True)):
            if not isinstance(one, exp.Alias | exp.Column):
                unique = label if labels.count(label) == 1 and label != _UNNAMED else f"{label.strip('?')}_{place + 1}"
                one.replace(exp.alias_(one.copy(), unique, quoted=True))
    return tuple(labels)


def _booleans(tree: exp.Query) -> None:
    """What is compared in a column is true or false, not ClickHouse's 1 or 0."""
    for one in tree.selects:
        value = one.unalias().unnest()
        if isinstance(value, exp.Predicate | exp.Not | exp.And | exp.Or):
            value.replace(exp.cast(value.copy(), exp.DType.BOOLEAN))


def _name_of(node: exp.Expr) -> str:
    if isinstance(node, exp.Alias):
        alias = node.args["alias"]
        return str(alias.name if alias.args.get("quoted") else alias.name.lower())
    if isinstance(node, exp.Column):
        return str(node.name if node.this.args.get("quoted") else node.name.lower())
    if isinstance(node, exp.Cast) and (inner := _name_of(node.this)) != _UNNAMED:
        return inner
    if isinstance(node, exp.Window | exp.Filter | exp.WithinGroup | exp.Paren):
        return _name_of(node.this)
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    return _NAMES.get(type(node), _UNNAMED)


_NAMES: Mapping[type[exp.Expr], str] = {
    exp.Case: "case",
    exp.Extract: "extract",
    exp.Exists: "exists",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentDate: "current_date",
    exp.Substring: "substring",
    exp.StrPosition: "position",
    exp.Trim: "btrim",
    exp.GroupConcat: "string_agg",
    exp.Array: "array",
}
