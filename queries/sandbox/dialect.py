"""The dialect of the sandbox: ClickHouse's, with functions taken by their names and literals written our way."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.generators.clickhouse import ClickHouseGenerator
from sqlglot.parsers.clickhouse import ClickHouseParser

from queries.sandbox import functions
from queries.sandbox.errors import Unfit
from queries.sandbox.views import RESERVED

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0"})
#: the grammar's own calls, which are no lists of arguments
_SPECIAL = ("CAST", "EXTRACT", "TRIM")


class Scan(exp.Expression):
    """A view in place of a table: `this` is the text of its subquery, `alias` what the statement calls it.

    `since` and `until` narrow a scan of sessions; they are expressions in Unix milliseconds.
    """

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "alias": True, "since": False, "until": False}


class SandboxParser(ClickHouseParser):
    """Knows no function by itself: each keeps the name that it was given, so that one list of names decides."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in ClickHouseParser.FUNCTION_PARSERS.items() if name in _SPECIAL
    }
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in ClickHouseParser.NO_PAREN_FUNCTION_PARSERS.items() if name == "CASE"
    }
    STATEMENT_PARSERS: ClassVar[dict[Any, Any]] = {}
    #: steps that this text may take; what goes back and forth for ever ends there
    patience = 0

    @classmethod
    def _resolve_clickhouse_agg(cls, name: str) -> tuple[str, Sequence[str]] | None:
        return functions.aggregate(name)

    def _advance(self, times: int = 1) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise Unfit("size", "The statement is too intricate. Ask in several simpler ones.")
        super()._advance(times)


class SandboxGenerator(ClickHouseGenerator):
    """Writes names and literals in the one way that cannot be read otherwise."""

    TYPE_MAPPING: ClassVar[dict[Any, Any]] = {**ClickHouseGenerator.TYPE_MAPPING, exp.DType.DATE: "Date"}
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **ClickHouseGenerator.TRANSFORMS,
        exp.IntDiv: lambda self, one: self.func("intDiv", one.this, one.expression),
        exp.RawString: lambda self, one: self.literal_sql(exp.Literal.string(one.name)),
        Scan: lambda self, one: self.scan_sql(one),
    }

    def literal_sql(self, expression: exp.Literal) -> str:
        if expression.is_string:
            return f"'{expression.name.translate(_ESCAPES)}'"
        return expression.name

    def identifier_sql(self, expression: exp.Identifier) -> str:
        name = expression.name
        plain = _PLAIN.fullmatch(name) and not expression.args.get("quoted")
        return name if plain else f"`{name}`"

    def scan_sql(self, expression: Scan) -> str:
        text = expression.name
        for edge in ("since", "until"):
            text = text.replace(f"{RESERVED}{edge}", self.sql(expression, edge))
        return f"({text}) AS {self.sql(expression, 'alias')}"


class Sandbox(ClickHouse):
    """What statements are read and written in."""

    #: places in arrays are read and written as they are; to move them, sqlglot thinks for long
    INDEX_OFFSET = 0
    Parser = SandboxParser
    Generator = SandboxGenerator
