"""Text -> the tree of one SELECT, not yet checked. Pure, and bounded: no text makes it think for long."""

import re
from collections.abc import Sequence

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from queries.sandbox import limits
from queries.sandbox.dialect import Sandbox, SandboxParser
from queries.sandbox.errors import Unfit
from queries.sandbox.pg_dialect import Pg, PgParser

DIALECT = Sandbox()
_OPENING = frozenset((TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE))
_CLOSING = frozenset((TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END))
_FIRST = frozenset((TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.FROM))
#: one byte of several: a text in UTF-8 cannot hold it
_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\x[89A-Fa-f]")
_ONE = "Send one SELECT: it may begin with WITH, and SELECTs may be put together with UNION."


def parse(text: str, dialect: Sandbox | Pg = DIALECT) -> exp.Query:
    """Raises `Unfit` where the text is too long, no SELECT, or not in the dialect's grammar."""
    tokens = _read(text, dialect)
    parser = (PgParser if isinstance(dialect, Pg) else SandboxParser)(dialect=dialect)
    parser.patience = 30 * len(tokens) + 1000
    try:
        statements = parser.parse(list(tokens), text)
    except ParseError as error:
        raise _misread(error) from error
    except SqlglotError as error:
        raise Unfit("syntax", "This is not a SELECT that can be read here.") from error
    except RecursionError as error:
        raise Unfit("size", "The statement is nested too deep.") from error
    statement = statements[0] if len(statements) == 1 else None
    if not isinstance(statement, exp.Query):
        raise Unfit("feature", _ONE)
    return statement


def _read(text: str, dialect: Dialect) -> Sequence[Token]:
    """The tokens, within the limits, of what looks like one SELECT."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Unfit("syntax", "The text holds half a character (a lone surrogate), which UTF-8 has not.") from error
    if size > limits.MAX_BYTES:
        raise Unfit("size", f"The statement is longer than {limits.MAX_BYTES} bytes.")
    try:
        tokens = _within(dialect.tokenize(text), text, bytewise=dialect is DIALECT)
    except TokenError as error:
        raise Unfit("syntax", "A quote or comment is opened and never closed, or a sign belongs nowhere.") from error
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens = tokens[:-1]
    if not tokens:
        raise Unfit("syntax", f"There is nothing to ask. {_ONE}")
    if tokens[0].token_type not in _FIRST:
        raise Unfit("feature", f"Only SELECT is run here. {_ONE}", *place(text, tokens[0].start))
    second = next((token for token in tokens if token.token_type is TokenType.SEMICOLON), None)
    if second is not None:
        raise Unfit("feature", f"There is more than one statement. {_ONE}", *place(text, second.start))
    return tokens


def _within(tokens: Sequence[Token], text: str, *, bytewise: bool) -> Sequence[Token]:
    if len(tokens) > limits.MAX_TOKENS:
        raise Unfit("size", f"The statement has more than {limits.MAX_TOKENS} words and signs.")
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > limits.MAX_DEPTH:
            sentence = f"The statement is nested deeper than {limits.MAX_DEPTH} brackets. Name parts with WITH."
            raise Unfit("size", sentence, *place(text, token.start))
        if bytewise and token.token_type is TokenType.STRING and _BYTE.search(text, token.start, token.end):
            sentence = "\\x80 and above is no character: write unhex('…') for bytes."
            raise Unfit("syntax", sentence, *place(text, token.start))
    return tokens


def _misread(error: ParseError) -> Unfit:
    """What the grammar did not take, and where."""
    first = error.errors[0] if error.errors else {}
    word, line, end = str(first.get("highlight") or ""), int(first.get("line") or 0), int(first.get("col") or 0)
    shown = "".join(letter if letter.isprintable() else "?" for letter in word[:40])
    sentence = f"'{shown}' is not understood here." if shown else "The statement ends too early."
    return Unfit("syntax", sentence, line, max(1, end - len(word) + 1) if line else 0)


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
