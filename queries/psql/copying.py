"""COPY (SELECT …) TO STDOUT: reading the command, and rows in PostgreSQL's text and CSV formats."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from sqlglot.tokenizer_core import Token, TokenType

from queries.psql import encoding
from queries.psql.answers import Column
from queries.psql.encoding import Encoder
from queries.psql.sqlstate import FEATURE_NOT_SUPPORTED, READ_ONLY, SYNTAX_ERROR, Failure
from queries.psql.statements import Statement, split

_ESCAPES = {ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", ord("\b"): "\\b", ord("\v"): "\\v"}
_row_of = msgspec.json.Decoder(list[msgspec.Raw]).decode
_QUOTED = re.compile(rb'[",\r\n]|^\\\.$')
_ENDS = frozenset(("TO", "FROM"))
_ON = frozenset(("TRUE", "ON", "1"))


@dataclass(frozen=True, slots=True)
class Copy:
    """What is copied, and how."""

    statement: Statement
    csv: bool = False
    header: bool = False


def read(statement: Statement) -> Copy:
    """What a COPY asks for. Raises `Failure` for all but COPY (SELECT …) TO STDOUT and COPY view TO STDOUT."""
    tokens = statement.tokens
    words = [one.text.upper() for one in tokens]
    bracket = words[1:2] == ["("]
    end = _closing(tokens) if bracket else next((at for at, word in enumerate(words) if word in _ENDS), len(words))
    if words[end : end + 1] == ["FROM"]:
        raise Failure(READ_ONLY, "cannot execute COPY FROM in a read-only transaction")
    if end < 2 or words[end : end + 2] != ["TO", "STDOUT"]:
        raise Failure(FEATURE_NOT_SUPPORTED, "COPY goes to STDOUT here: COPY (SELECT …) TO STDOUT.")
    asked = statement.text[tokens[1].start - tokens[0].start : tokens[end - 1].end + 1 - tokens[0].start]
    text = asked[1:-1] if bracket else " ".join(("SELECT * FROM", asked))
    inner = split(text)
    if len(inner) != 1 or not inner[0].reads:
        raise Failure(FEATURE_NOT_SUPPORTED, "COPY takes one SELECT, or the name of a table.")
    csv_wanted, header = _options(words[end + 2 :])
    return Copy(inner[0], csv_wanted, header)


def writer(copy: Copy, columns: Sequence[Column]) -> tuple[bytes, Callable[[bytes], bytes]]:
    """What stands before the rows, and what makes a row of a line."""
    encoders = [encoding.encoder(one.kind, binary=False) for one in columns]
    write = _csv_row if copy.csv else _text_row
    names: list[bytes | None] = [one.name.encode() for one in columns]
    return write(names) if copy.header else b"", lambda line: write(_values(line, encoders))


def _closing(tokens: Sequence[Token]) -> int:
    """The place behind the bracket that closes the first one."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if at > 0 and depth == 0:
            return at + 1
    raise Failure(SYNTAX_ERROR, "A bracket is opened and never closed.")


def _options(words: Sequence[str]) -> tuple[bool, bool]:
    """Whether it is CSV, and whether names come first."""
    words = [word for word in words if word not in {"WITH", "(", ")", ","}]
    form, header = "TEXT", False
    while words:
        word = words.pop(0)
        if word == "FORMAT" and words:
            form = words.pop(0).upper()
        elif word == "CSV":
            form = "CSV"
        elif word == "HEADER":
            header = words.pop(0).upper() in _ON if words and words[0].upper() in _ON | {"FALSE", "OFF", "0"} else True
        else:
            raise Failure(FEATURE_NOT_SUPPORTED, f"COPY knows FORMAT text or csv, and HEADER; not {word[:60]}.")
    if form not in {"TEXT", "CSV"}:
        raise Failure(FEATURE_NOT_SUPPORTED, f"COPY knows FORMAT text or csv; not {form[:60]}.")
    return form == "CSV", header


def _values(line: bytes, encoders: Sequence[Encoder]) -> list[bytes | None]:
    raws = [bytes(one) for one in _row_of(line)]
    return [None if raw == b"null" else write(raw) for raw, write in zip(raws, encoders, strict=True)]


def _text_row(values: Sequence[bytes | None]) -> bytes:
    parts = ("\\N" if one is None else one.decode(errors="replace").translate(_ESCAPES) for one in values)
    return "\t".join(parts).encode() + b"\n"


def _csv_row(values: Sequence[bytes | None]) -> bytes:
    """NULL is nothing at all, an empty text is quoted."""
    return b",".join(b"" if one is None else _csv_cell(one) for one in values) + b"\n"


def _csv_cell(value: bytes) -> bytes:
    if value and not _QUOTED.search(value):
        return value
    return b'"' + value.replace(b'"', b'""') + b'"'
