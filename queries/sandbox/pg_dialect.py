"""PostgreSQL's grammar, with functions taken by their names: `pg_functions.py` says what each is in ClickHouse."""

from typing import Any, ClassVar

from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

from queries.sandbox.errors import Unfit

_SPECIAL = ("CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION", "STRING_AGG")


class PgParser(PostgresParser):
    """Reads SELECTs alone."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in PostgresParser.FUNCTION_PARSERS.items() if name in _SPECIAL
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in PostgresParser.NO_PAREN_FUNCTION_PARSERS.items() if name in {"CASE", "ANY"}
    }
    #: in calls, too, -> looks into JSON
    LAMBDAS: ClassVar[dict[Any, Any]] = {}
    STATEMENT_PARSERS: ClassVar[dict[Any, Any]] = {}
    #: steps that this text may take; what goes back and forth for ever ends there
    patience = 0

    def _advance(self, times: int = 1) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise Unfit("size", "The statement is too intricate. Ask in several simpler ones.")
        super()._advance(times)


class Pg(Postgres):
    """What PostgreSQL's clients write."""

    #: places in arrays count from 1 in both
    INDEX_OFFSET = 0
    Parser = PgParser
