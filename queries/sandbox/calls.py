"""A call of one of ClickHouse's functions, as a node. Leaf."""

from sqlglot import exp


def call(name: str, *arguments: exp.Expr | str | int) -> exp.Anonymous:
    """Texts and numbers become literals."""
    return exp.Anonymous(this=name, expressions=[_expression(one) for one in arguments])


def _expression(value: exp.Expr | str | int) -> exp.Expr:
    if isinstance(value, exp.Expr):
        return value
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)
