"""The nodes that a statement's tree may be made of, each with the parts that it may have. All else is refused."""

from collections.abc import Mapping

from sqlglot import exp

_SET = frozenset(("with_", "this", "expression", "distinct", "order", "limit", "offset"))
_TWO = frozenset(("this", "expression"))
_ONE = frozenset(("this",))
_MANY = frozenset(("expressions",))
_CALL = frozenset(("this", "expressions"))
_OPERATORS = (
    *(exp.Add, exp.Sub, exp.Mul, exp.IntDiv, exp.Mod, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT),
    *(exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Escape, exp.Dot, exp.NestedJSONSelect),
)
NODES: Mapping[type[exp.Expr], frozenset[str]] = {
    # queries
    exp.Select: frozenset(
        (
            *("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "qualify", "windows"),
            *("order", "limit", "offset"),
        )
    ),
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _SET),
    exp.Subquery: frozenset(("this", "alias", "order", "limit", "offset")),
    exp.With: _MANY,
    exp.CTE: frozenset(("this", "alias", "scalar")),
    exp.TableAlias: _ONE,
    exp.From: _ONE,
    exp.Join: frozenset(("this", "on", "using", "side", "kind", "method", "expressions")),
    exp.Table: frozenset(("this", "alias")),
    exp.Final: _ONE,
    **dict.fromkeys((exp.Where, exp.Having, exp.Qualify), _ONE),
    exp.Group: frozenset(("expressions", "grouping_sets", "cube", "rollup", "totals", "all")),
    **dict.fromkeys((exp.Cube, exp.Rollup, exp.GroupingSets), _MANY),
    exp.Order: _MANY,
    exp.Ordered: frozenset(("this", "desc", "nulls_first")),
    exp.Limit: frozenset(("expression", "offset", "limit_options", "expressions")),
    exp.LimitOptions: frozenset(("with_ties",)),
    exp.Offset: frozenset(("expression", "expressions")),
    exp.Distinct: frozenset(("expressions", "on")),
    # windows
    exp.Window: frozenset(("this", "partition_by", "order", "spec", "alias", "over")),
    exp.WindowSpec: frozenset(("kind", "start", "start_side", "end", "end_side")),
    **dict.fromkeys((exp.IgnoreNulls, exp.RespectNulls), _ONE),
    exp.Filter: _TWO,
    # names and values
    exp.Alias: frozenset(("this", "alias")),
    exp.Column: frozenset(("this", "table", "db", "catalog")),
    exp.Identifier: frozenset(("this", "quoted")),
    exp.Var: _ONE,
    exp.Star: frozenset(("except_",)),
    exp.Literal: frozenset(("this", "is_string")),
    exp.RawString: _ONE,
    **dict.fromkeys((exp.Boolean, exp.Paren, exp.Not, exp.Neg, exp.BitwiseNot), _ONE),
    exp.Null: frozenset(),
    exp.Tuple: _MANY,
    exp.Array: frozenset(("expressions", "bracket_notation")),
    exp.VarMap: frozenset(("keys", "values")),
    exp.Placeholder: frozenset(("this", "kind")),
    # expressions
    **dict.fromkeys(_OPERATORS, _TWO),
    exp.Div: _TWO | {"safe", "typed"},
    exp.DPipe: _TWO | {"safe"},
    **dict.fromkeys((exp.Like, exp.ILike), _TWO),
    exp.Between: frozenset(("this", "low", "high")),
    exp.In: frozenset(("this", "expressions", "query", "field")),
    exp.Exists: _ONE,
    exp.Case: frozenset(("this", "ifs", "default")),
    exp.If: frozenset(("this", "true", "false")),
    exp.Bracket: frozenset(("this", "expressions", "offset", "safe")),
    exp.Lambda: _CALL,
    exp.Interval: frozenset(("this", "unit")),
    exp.Cast: frozenset(("this", "to")),
    exp.CastToStrType: frozenset(("this", "to")),
    exp.JSONCast: frozenset(("this", "to")),
    exp.DataType: frozenset(("this", "expressions", "nested", "nullable", "kind", "values")),
    exp.DataTypeParam: _ONE,
    exp.Extract: _TWO,
    exp.Trim: frozenset(("this", "expression", "position")),
    # calls, whose names are looked up
    **dict.fromkeys((exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc), _CALL),
    **dict.fromkeys((exp.ParameterizedAgg, exp.CombinedParameterizedAgg), _CALL | {"params"}),
}
#: how joins may be called
_JOINS = "INNER LEFT RIGHT FULL CROSS OUTER ANY ALL ASOF SEMI ANTI ARRAY"
JOINS = frozenset(("", *_JOINS.split()))
#: what a value may be made. Not AggregateFunction: its bytes would be trusted
_TYPES = """
    BOOLEAN TINYINT SMALLINT INT BIGINT INT128 INT256 UTINYINT USMALLINT UINT UBIGINT UINT128 UINT256 FLOAT DOUBLE
    DECIMAL DECIMAL32 DECIMAL64 DECIMAL128 DECIMAL256 TEXT CHAR VARCHAR FIXEDSTRING DATE DATE32 DATETIME DATETIME64
    TIMESTAMP TIMESTAMPTZ TIME UUID IPV4 IPV6 ENUM ENUM8 ENUM16 ARRAY MAP STRUCT LOWCARDINALITY JSON DYNAMIC
"""
TYPES = frozenset(exp.DType[name] for name in _TYPES.split())
#: said of a part that is not taken, in the words of whoever wrote it
PARTS: Mapping[str, str] = {
    "settings": "SETTINGS is not taken: limits are set by the service.",
    "format": "FORMAT is not taken in the text: ask for a format beside it.",
    "into": "INTO is not taken: the answer goes to whoever asks.",
    "sample": "SAMPLE is not taken: a view is always read whole.",
    "prewhere": "PREWHERE is not taken: write WHERE.",
    "with_fill": "WITH FILL is not taken: it makes rows out of nothing.",
    "recursive": "WITH RECURSIVE is not taken.",
    "db": "A table has no database here: name the view alone.",
    "catalog": "A table has no database here: name the view alone.",
    "replace": "* REPLACE is not taken: list the columns.",
    "columns": "Names of columns behind an alias are not taken: name them inside with AS.",
    "field": "IN needs a list or a SELECT: write IN (…) or IN (SELECT column FROM …).",
    "global_": "GLOBAL is not taken: leave it out.",
    "is_global": "GLOBAL is not taken: leave it out.",
    "locks": "FOR UPDATE and the like are not taken: nothing is locked here.",
    "laterals": "LATERAL is not taken.",
    "pivots": "PIVOT is not taken.",
    "materialized": "MATERIALIZED is not taken: leave it out.",
}
