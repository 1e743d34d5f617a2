"""compile: the text of a statement -> SQL that reads one project's rows, written anew from what was checked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from queries.sandbox import limits
from queries.sandbox import parameters as bound
from queries.sandbox.check import Check
from queries.sandbox.errors import Unfit
from queries.sandbox.parameters import Wanted
from queries.sandbox.parse import DIALECT, parse
from queries.sandbox.pg_parameters import PREFIX
from queries.sandbox.postgres import translate
from queries.sandbox.scopes import Scopes, sealed
from queries.sql import Statement

Dialect = Literal["clickhouse", "postgres"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that may be run.

    text        ClickHouse SQL; no letter of it is copied from what was sent
    parameters  values of the statement's own parameters, under the names that the text has for them
    wanted      its own parameters in the order in which they first stand, with or without values
    views       the views that it reads
    names       labels of the columns as PostgreSQL has them; None where they are the engine's own
    """

    text: str
    parameters: Mapping[str, object]
    wanted: tuple[Wanted, ...]
    views: frozenset[str]
    names: tuple[str, ...] | None
    dialect: Dialect

    def statement(self, project: str) -> Statement:
        """What the store runs: the project is bound here and nowhere else."""
        return Statement(self.text, {**self.parameters, **({"project": project} if self.views else {})})

    def settings(self, project: str) -> dict[str, object]:
        """What it is run with: limits and the second belt."""
        return limits.settings(project, postgres=self.dialect == "postgres")


def compile(  # noqa: A001 - it is what it does, and nothing here needs the built-in
    text: str, dialect: Dialect = "clickhouse", parameters: Mapping[str, object] | None = None
) -> Checked:
    """Raises `Unfit`. Without `parameters` the values of a statement's parameters are left open (`Checked.wanted`)."""
    try:
        return _compile(text, dialect, parameters)
    except RecursionError as error:
        raise Unfit("size", "The statement is nested too deep.") from error
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # what the grammar overlooked
        raise Unfit("syntax", "The statement cannot be read here. Write it in a simpler way.") from error


def _compile(text: str, dialect: Dialect, values: Mapping[str, object] | None) -> Checked:
    if dialect == "postgres":
        text, labels = translate(text, values)
        values = values and {f"{PREFIX}{name}": value for name, value in values.items()}
        try:
            return _written(text, dialect, values, labels)
        except Unfit as unfit:  # its place is one in the translation, which nobody has seen
            raise Unfit(unfit.kind, unfit.sentence) from unfit
    return _written(text, dialect, values, None)


def _written(
    text: str, dialect: Dialect, values: Mapping[str, object] | None, labels: tuple[str, ...] | None
) -> Checked:
    tree = parse(text)
    check = Check(text)
    check(tree)
    wanted = bound.rename(tree)
    scopes = Scopes(check)
    scopes.resolve(tree, {})
    if not sealed(tree):
        raise Unfit("table", "A table could not be told for certain. Give every part a name of its own.")
    given = bound.values(wanted, values)
    if dialect == "postgres":
        wanted = tuple(Wanted(one.name.removeprefix(PREFIX), one.type) for one in wanted)
    return Checked(write(tree), given, wanted, frozenset(scopes.views), labels, dialect)


def write(tree: exp.Expr) -> str:
    """The text of a tree, without comments."""
    try:
        return tree.sql(dialect=DIALECT, comments=False, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise Unfit("feature", "A part of the statement cannot be written for the engine.") from error
