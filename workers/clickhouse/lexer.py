"""The words of a ClickHouse statement with their places, so that some can be changed and others stay."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_WORD = re.compile(
    r"""(?P<gap>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\.|'')*')
    |(?P<name>[A-Za-z_$][\w$]*|`[^`\\]+`|"[^"\\]+")
    |(?P<number>\d[\w.]*)
    |(?P<sign>->|::|!=|<>|<=|>=|\|\||[-+*/%<>=(),.:;?\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)


class Word(NamedTuple):
    """A name, number, sign, or quoted text, and where in the statement it begins and ends."""

    text: str
    start: int
    end: int
    depth: int

    def says(self, key_word: str) -> bool:
        """In capitals or not."""
        return self.text.upper() == key_word


def words(statement: str) -> list[Word]:
    """Without blanks and comments. `depth`: how many brackets are open around it. Raises `ValueError`."""
    return list(_words(statement))


def _words(statement: str) -> Iterator[Word]:
    place = depth = 0
    while place < len(statement):
        found = _WORD.match(statement, place)
        if found is None:
            raise ValueError(f"What is this in a statement of ClickHouse? {statement[place : place + 40]}")
        if found.lastgroup != "gap":
            depth -= found[0] in ")]}"
            yield Word(found[0], place, found.end(), depth)
            depth += found[0] in "([{"
        place = found.end()
