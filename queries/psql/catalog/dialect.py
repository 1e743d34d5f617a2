"""How statements of clients are read, to sort them and to answer those about the catalog: PostgreSQL's grammar."""

from typing import Any, ClassVar

from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import ParseError
from sqlglot.parsers.postgres import PostgresParser

#: the grammar's own calls, which are no lists of arguments
_SPECIAL = ("CAST", "EXTRACT", "TRIM")


class CatalogParser(PostgresParser):
    """Knows no function by itself, so that each keeps the name and the arguments that it was given."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in PostgresParser.FUNCTION_PARSERS.items() if name in _SPECIAL
    }
    #: steps that this text may take; what goes back and forth for ever ends there
    patience = 0

    def _advance(self, times: int = 1) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise ParseError("The statement is too intricate.")
        super()._advance(times)


class CatalogTokenizer(Postgres.Tokenizer):
    """Cuts commands into words, too."""

    COMMANDS: ClassVar[set[Any]] = set()


class Catalog(Postgres):
    """PostgreSQL's dialect with these."""

    Tokenizer = CatalogTokenizer
    Parser = CatalogParser
