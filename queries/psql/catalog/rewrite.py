"""PostgreSQL's questions to the catalog -> SQLite's. Pure; what is not known here is left to fail there.

Trees come from `dialect.py`: every function is an `Anonymous` of its name.
"""

from collections.abc import Callable

from sqlglot import exp

from queries.psql.catalog.functions import OF_SESSION
from queries.psql.catalog.tables import TABLES

#: casts that read a name, and those that write one
_READS = {"regclass": "_regclass", "regtype": "_regtype", "regnamespace": "_regnamespace"}
_WRITES = {"regclass": "_regclass_name", "regtype": "format_type", "regnamespace": "_regnamespace_name"}
_INTEGERS = frozenset(("oid", "int", "int2", "int4", "int8", "integer", "bigint", "smallint"))
_TEXTS = frozenset(("text", "varchar", "name", "char", "bpchar"))
#: functions that give rows -> the one that gives them as an array
_SETS = {"generate_series": "_series", "unnest": "", "generate_subscripts": "_subscripts"}
#: names that are the same, or nearly
_RENAMED = {
    "array_agg": "json_group_array",
    "string_agg": "group_concat",
    "json_build_object": "json_object",
    "bool_and": "min",
    "bool_or": "max",
}
_NAMED: dict[type[exp.Expr], str] = {
    exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user",
    exp.CurrentRole: "current_role",
    exp.CurrentCatalog: "current_catalog",
    exp.CurrentSchema: "current_schema",
}


def rewrite(statement: exp.Expr) -> exp.Expr:
    """The same question to SQLite; `$1` becomes `:p1`. Changes what it is given."""
    for node in reversed(list(statement.bfs())):  # what is inside comes first
        change = _CHANGES.get(type(node))
        made = change(node) if change else node
        if made is not node and node is statement:
            statement = made
        elif made is not node:
            node.replace(made)
    return statement


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def _table(node: exp.Expr) -> exp.Expr:
    """A catalog, or a function in FROM."""
    inner = node.this
    if isinstance(inner, exp.Anonymous):
        return _rows(inner, node.args.get("alias"))
    name = inner.name if inner.args.get("quoted") else inner.name.lower()
    full = f"information_schema.{name}" if node.args.get("db") and node.text("db") == "information_schema" else name
    if full not in TABLES:
        return node
    return exp.Table(this=_name(full), alias=node.args.get("alias") or exp.TableAlias(this=_name(name)))


def _unnest(node: exp.Expr) -> exp.Expr:
    """`FROM unnest(array)`, which the grammar knows by itself."""
    return _rows(_call("unnest", *node.expressions), node.args.get("alias"))


def _rows(call: exp.Anonymous, alias: exp.Expr | None) -> exp.Expr:
    """A function in FROM: a subquery of one column, named for the alias as in PostgreSQL."""
    name, function = alias.name if alias else call.name, call.name.lower()
    columns = alias.args.get("columns") if alias else None
    rows = exp.Select(expressions=[exp.alias_(call, columns[0].name if columns else name, quoted=True)])
    if function in _SETS:
        array = _call(_SETS[function], *call.expressions) if _SETS[function] else call.expressions[0]
        rows.selects[0].set("this", exp.column("value"))
        rows = rows.from_(exp.Table(this=_call("json_each", array)), copy=False)
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=_name(name)))


def _dot(node: exp.Expr) -> exp.Expr:
    """`pg_catalog.f(…)` is f, a name of a type stays; a field of a row, of which there are none, is nothing."""
    if isinstance(node.expression, exp.Identifier):
        return node if isinstance(node.this, exp.Identifier | exp.Dot) else exp.Null()
    called: exp.Expr = node.expression
    return called


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name == "array":
        return _collected(node.expressions[0])
    if name in _RENAMED:  # without the order inside, which this SQLite has not
        arguments = [one.this if isinstance(one, exp.Order) else one for one in node.expressions]
        return _call(_RENAMED[name], *arguments)
    return _call(name, *node.expressions)


def _collected(query: exp.Expr) -> exp.Expr:
    """`ARRAY(SELECT …)`"""
    inner = query.unnest() if isinstance(query, exp.Paren | exp.Subquery) else query
    if not isinstance(inner, exp.Select):
        return exp.Null()
    inner.selects[0].replace(exp.alias_(inner.selects[0].unalias().copy(), "_one", quoted=True))
    rows = exp.Subquery(this=inner, alias=exp.TableAlias(this=_name("_rows")))
    return exp.Subquery(this=exp.Select(expressions=[_call("json_group_array", exp.column("_one"))]).from_(rows))


def _cast(node: exp.Expr) -> exp.Expr:
    value: exp.Expr = node.this
    name = _type_name(node.args["to"])
    if name in _READS:
        return _call((_READS if _is_name(value) else _WRITES)[name], value)
    if isinstance(value, exp.Anonymous) and value.name in _READS.values() and name in _TEXTS:
        return _call(next(_WRITES[key] for key, call in _READS.items() if call == value.name), value)
    if isinstance(value, exp.Anonymous) and value.name in _WRITES.values() and name in _INTEGERS:
        value = value.expressions[0]
    if name in _INTEGERS:
        return exp.Cast(this=value, to=exp.DataType.build("INTEGER"))
    if name in _TEXTS and not isinstance(value, exp.Literal):
        return exp.Cast(this=value, to=exp.DataType.build("TEXT"))
    if name == "boolean" and isinstance(value, exp.Literal):
        return exp.Boolean(this=value.name.lower() in {"t", "true", "1", "on", "yes"})
    return value


def _is_name(value: exp.Expr) -> bool:
    """Whether a cast to regclass and the like reads it, rather than writes an oid."""
    if isinstance(value, exp.Cast):
        return _type_name(value.args["to"]) in _TEXTS
    texts = exp.Literal | exp.Parameter | exp.Placeholder
    return isinstance(value, texts) or (
        isinstance(value, exp.Anonymous) and value.name.lower() in {"format", "quote_ident"}
    )


def _type_name(node: exp.Expr) -> str:
    return str(node.sql(dialect="postgres")).lower().removeprefix("pg_catalog.").strip('"').partition("(")[0]


def _matches(node: exp.Expr) -> exp.Expr:
    flag = exp.Literal.number(int(isinstance(node, exp.RegexpILike)))
    return _call("_matches", node.this, node.expression, flag)


def _operator(node: exp.Expr) -> exp.Expr:
    """`a OPERATOR(pg_catalog.~) b`"""
    sign = str(node.args["operator"]).rpartition(".")[2].strip()
    if sign.lstrip("!") in {"~", "~*"}:
        call = _call("_matches", node.this, node.expression, exp.Literal.number(int(sign.endswith("*"))))
        return exp.Not(this=call) if sign.startswith("!") else call
    made: type[exp.Binary] | None = {"=": exp.EQ, "<>": exp.NEQ, "||": exp.DPipe}.get(sign)
    same: exp.Expr = made(this=node.this, expression=node.expression) if made else node
    return same


def _equal(node: exp.Expr) -> exp.Expr:
    """`x = ANY(array)` and `x <> ALL(array)`."""
    many = node.expression
    if isinstance(many, exp.Anonymous) and many.name.lower() == "all":
        inside: exp.Expr = many.expressions[0]
    elif isinstance(many, exp.Any):
        inside = many.this.unnest()
    else:
        return node
    if isinstance(inside, exp.Query):
        found = exp.In(this=node.this, query=inside.subquery(copy=False) if isinstance(inside, exp.Select) else inside)
    else:
        rows = exp.Select(expressions=[exp.column("value")]).from_(exp.Table(this=_call("json_each", inside)))
        found = exp.In(this=node.this, query=rows.subquery())
    return found if isinstance(node, exp.EQ) else exp.Not(this=found)


def _bracket(node: exp.Expr) -> exp.Expr:
    index = node.expressions[0]
    if isinstance(index, exp.Literal):  # the parser made it count from 0
        index = exp.Literal.number(int(index.name) + 1)
    return _call("_item", node.this, index)


def _column(node: exp.Expr) -> exp.Expr:
    """A column without its schema; `user` and its like are written as columns, too."""
    node.set("db", None)
    name = node.name.lower()
    plain = not node.args.get("table") and not node.this.args.get("quoted")
    return _call(name) if plain and name in OF_SESSION else node


_CHANGES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Table: _table,
    exp.Unnest: _unnest,
    exp.Dot: _dot,
    exp.Anonymous: _function,
    exp.Cast: _cast,
    exp.RegexpLike: _matches,
    exp.RegexpILike: _matches,
    exp.Operator: _operator,
    exp.EQ: _equal,
    exp.NEQ: _equal,
    exp.Array: lambda node: _call("json_array", *node.expressions),
    exp.Bracket: _bracket,
    exp.Column: _column,
    exp.ByteString: lambda node: exp.Literal.string(node.name.encode().decode("unicode_escape")),
    exp.Collate: lambda node: node.this,
    exp.Parameter: lambda node: exp.Placeholder(this=f"p{node.name}"),
    **dict.fromkeys(_NAMED, lambda node: _call(_NAMED[type(node)])),
}
