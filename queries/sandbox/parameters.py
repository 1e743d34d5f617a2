"""A statement's own parameters, {name:Type}: told apart from the service's, and their values checked. Pure."""

import datetime
import decimal
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from queries.sandbox.errors import Unfit
from queries.sandbox.parse import DIALECT

#: no name of the service's own parameters begins so
_PREFIX = "own_"
_NAME = re.compile(r"[A-Za-z0-9_]{1,100}", re.ASCII)
_MAX = 100
_VALUES = (str, bool, int, float, decimal.Decimal, datetime.date, uuid.UUID)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parameter: its name in the statement, and its type as ClickHouse spells it."""

    name: str
    type: str


def rename(tree: exp.Expr) -> tuple[Wanted, ...]:
    """Give each a name of its own, so that none can take the place of the project's. One name, one type."""
    found: dict[str, Wanted] = {}
    for node in tree.find_all(exp.Placeholder):
        name = node.name
        if not _NAME.fullmatch(name):
            raise Unfit("parameter", "A parameter's name has letters, digits and _ only.")
        one = Wanted(name, node.args["kind"].sql(dialect=DIALECT))
        if found.setdefault(name, one) != one:
            raise Unfit("parameter", f"The parameter {name} has two types.")
        node.set("this", exp.var(f"{_PREFIX}{name}"))
    if len(found) > _MAX:
        raise Unfit("parameter", f"There are more than {_MAX} parameters.")
    return tuple(found.values())


def values(wanted: Sequence[Wanted], given: Mapping[str, object] | None) -> dict[str, object]:
    """The values under the new names; None asks for none. Raises `Unfit` where one is missing or too many."""
    if given is None:
        return {}
    names = {one.name for one in wanted}
    for name in given:
        if name not in names:
            raise Unfit("parameter", f"The statement has no parameter {name[:60]!r}.")
    for one in wanted:
        if one.name not in given:
            raise Unfit("parameter", f"The parameter {one.name} has no value.")
    types = {one.name: one.type for one in wanted}
    return {f"{_PREFIX}{name}": _timed(_value(name, value), types[name]) for name, value in given.items()}


def _timed(value: object, kind: str) -> object:
    """A time in UTC as ClickHouse reads it, whatever its zone and spelling; what is none is left for it to refuse."""
    if "DateTime" not in kind or kind.startswith("Array") or not isinstance(value, str | datetime.datetime):
        return value
    try:
        time = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value
    if time.tzinfo is not None:
        time = time.astimezone(datetime.UTC)
    return f"{time:%Y-%m-%d %H:%M:%S.%f}" if "64" in kind else f"{time:%Y-%m-%d %H:%M:%S}"


def _value(name: str, value: object) -> object:
    if isinstance(value, list | tuple):
        return [_value(name, one) for one in value]
    if value is not None and not isinstance(value, _VALUES):
        raise Unfit(
            "parameter", f"The value of {name[:60]} is no text, number, time, true, false or null, and no list."
        )
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Unfit("parameter", f"The value of {name[:60]} holds half a character (a lone surrogate).") from error
    return value
