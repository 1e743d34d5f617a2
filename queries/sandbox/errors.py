"""What the sandbox says no with, before a statement reaches the engine. Leaf."""

from typing import Literal

Kind = Literal["syntax", "table", "function", "feature", "parameter", "type", "name", "size", "value"]

#: as PostgreSQL's clients know them
_SQLSTATES: dict[Kind, str] = {
    "syntax": "42601",
    "table": "42P01",
    "function": "42883",
    "feature": "0A000",
    "parameter": "42P02",
    "type": "42704",
    "name": "42602",
    "size": "54000",
    "value": "22023",
}


class Unfit(Exception):
    """A statement that is not run. The text says what is wrong, where, and what to do instead.

    `line` and `column` count from 1 and are 0 where nothing can be pointed at.
    """

    def __init__(self, kind: Kind, sentence: str, line: int = 0, column: int = 0) -> None:
        self.kind: Kind = kind
        self.sentence = sentence
        self.line, self.column = line, column
        super().__init__(f"Line {line}, column {column}: {sentence}" if line else sentence)

    @property
    def message(self) -> str:
        """All of it, the place first."""
        return str(self)

    @property
    def sqlstate(self) -> str:
        """The five letters that a PostgreSQL client asks for."""
        return _SQLSTATES[self.kind]
