"""The outline of a query text: which kind of statement it is, and where the rows of an INSERT begin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.clickhouse.exceptions import Code, refused

_TOKEN = re.compile(
    rb"""
    (?P<space> \s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?\*/ )
  | (?P<quoted> '[^'\\]*(?:(?:\\.|'')[^'\\]*)*' | "[^"\\]*(?:(?:\\.|"")[^"\\]*)*" | `[^`\\]*(?:(?:\\.|``)[^`\\]*)*`
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
# One line break belongs to the SQL; all after it is data, even where it looks like white space.
_BEFORE_DATA = re.compile(rb"[ \t\f]*\r?\n?")
# After these a word is the name of a table, even if it reads FORMAT or VALUES.
_BEFORE_TABLE = {b"INTO", b"TABLE", b"FUNCTION", b"."}
_ANSWERING = set(b"SELECT WITH FROM ( VALUES SHOW DESCRIBE DESC EXISTS EXPLAIN CHECK KILL".split())


@dataclass(frozen=True, slots=True)
class Outline:
    """What a query text holds.

    `data` are the rows after an `INSERT … FORMAT name`, None for every other statement; `format` is that name, or the
    name in the FORMAT clause of a question. `inserts` is true when rows come with the statement, as data or as VALUES.
    `answers` is true for a statement that gives a result, be it an empty one.
    """

    sql: bytes
    data: memoryview | None = None
    format: str | None = None
    inserts: bool = False
    answers: bool = False


def outline(text: bytes) -> Outline:
    """Find the outline without reading the data; refuse what ClickHouse refuses over HTTP before it runs anything."""
    tokens = _outer_tokens(text)
    first, _ = next(tokens, (b"", None))
    if not first:
        raise refused(Code.SYNTAX_ERROR, "Syntax error: Empty query")
    return _insert(text, tokens) if first == b"INSERT" else _other(text, tokens, first)


def _insert(text: bytes, tokens: Iterator[tuple[bytes, re.Match[bytes]]]) -> Outline:
    before, previous, clause = b"", b"INSERT", 0
    for word, found in tokens:
        if previous == b"FORMAT" and before not in _BEFORE_TABLE:
            data = _BEFORE_DATA.match(text, found.end())
            start = data.end() if data else found.end()
            return Outline(text[:clause], memoryview(text)[start:], _name(found), inserts=True)
        if previous == b"FROM" and word == b"INFILE":
            raise refused(Code.UNKNOWN_TYPE_OF_QUERY, "FROM INFILE reads a file of the client, send its rows instead")
        if previous not in _BEFORE_TABLE and word == b"VALUES":
            return Outline(text, inserts=True)
        if previous not in _BEFORE_TABLE and word in {b"SELECT", b"WITH"}:
            return _other(text, tokens, b"INSERT")
        before, previous, clause = previous, word, found.start()
    return Outline(text, inserts=True)


def _other(text: bytes, tokens: Iterator[tuple[bytes, re.Match[bytes]]], first: bytes) -> Outline:
    name, sealed, previous = None, False, first
    for word, found in tokens:
        if previous == b";" and word != b";":
            raise refused(Code.SYNTAX_ERROR, "Syntax error: Multi-statements are not allowed, send them one by one")
        if previous == b"INTO" and word == b"OUTFILE":
            raise refused(Code.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed, read the answer instead")
        if name and not sealed:
            # Only at the end is it the FORMAT clause; before other words it was a column of that name.
            sealed = word in {b"SETTINGS", b";"}
            name = name if sealed else None
        if previous == b"FORMAT":
            name = _name(found)
        previous = word
    return Outline(text, format=name, answers=first in _ANSWERING)


def _outer_tokens(text: bytes) -> Iterator[tuple[bytes, re.Match[bytes]]]:
    """Words in upper case and marks outside of all brackets; a bracket with its content is one `(`, a quote one `'`."""
    depth = 0
    for found in _TOKEN.finditer(text):
        kind, mark = found.lastgroup, found[0]
        if kind == "space":
            continue
        if kind == "mark" and mark in b")]}":
            depth = max(0, depth - 1)
            continue
        if depth == 0:
            yield (mark.upper() if kind == "word" else b"'" if kind == "quoted" else mark), found
        if kind == "mark" and mark in b"([{":
            depth += 1


def _name(found: re.Match[bytes]) -> str:
    return found[0].decode("ascii", errors="replace")
