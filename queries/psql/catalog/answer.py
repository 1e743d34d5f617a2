"""Asks the catalog: one SQLite database in memory for each session, read-only, within limits of time and size."""

import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlglot import exp

from queries.psql import kinds
from queries.psql.catalog import content, functions, shape
from queries.psql.catalog.rewrite import rewrite
from queries.psql.decoding import Bound
from queries.psql.kinds import Kind
from queries.psql.sqlstate import FEATURE_NOT_SUPPORTED, LIMIT_EXCEEDED, UNDEFINED_COLUMN, Failure

MAX_ROWS = 20_000
_SECONDS = 1.0
_STEPS_BETWEEN_LOOKS = 10_000
_MAX_VALUE_BYTES = 1 << 20
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))
_UNKNOWN = re.compile(r"no such (column|table|function): (.*)|misuse of aggregate|ambiguous column name: (.*)")


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of an answer: each value a JSON text as the engine would write it, or None."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: Sequence[Sequence[bytes]]


class CatalogBase:
    """Of one session. Not for two threads at a time."""

    def __init__(self, user: str, settings: functions.Settings) -> None:
        base = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        base.deserialize(content.image())
        base.execute("PRAGMA case_sensitive_like = 1")
        base.execute("SELECT 1 FROM json_each('[]')")  # which makes it known, as later nothing can
        functions.register(base, user, settings)
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
        base.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        base.set_authorizer(_authorize)
        base.set_progress_handler(self._late, _STEPS_BETWEEN_LOOKS)
        self._base = base
        self._deadline = 0.0

    def ask(self, statement: exp.Expr, parameters: Mapping[str, Bound | int]) -> Found:
        """Answer a question. Raises `Failure` for what the catalog here does not know, or takes too long."""
        selects = statement.selects if isinstance(statement, exp.Query) else []
        shown, titles = [shape.kind(one) for one in selects], [shape.title(one) for one in selects]
        text = rewrite(statement.copy()).sql(dialect="sqlite", comments=False)
        bound = {name: _plain(value) for name, value in parameters.items()}
        self._deadline = time.monotonic() + _SECONDS
        try:
            cursor = self._base.execute(text, bound)
            rows = cursor.fetchmany(MAX_ROWS + 1)
        except (sqlite3.Error, ValueError) as error:
            raise _failure(error) from error
        if len(rows) > MAX_ROWS:
            raise Failure(LIMIT_EXCEEDED, f"An answer of the catalog has at most {MAX_ROWS} rows.")
        columns = [str(one[0]) for one in cursor.description or ()]
        if len(columns) != len(shown) or any(one.is_star for one in selects):
            shown, titles = [shape.known(name) for name in columns], columns
        settled = tuple(kind or _by_value(rows, at) for at, kind in enumerate(shown))
        written = [[_json(value, kind) for value, kind in zip(row, settled, strict=True)] for row in rows]
        return Found(tuple(titles), settled, written)

    def close(self) -> None:
        """Forget it."""
        self._base.close()

    def _late(self) -> int:
        return int(time.monotonic() > self._deadline)


def _authorize(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _failure(error: Exception) -> Failure:
    if "interrupted" in str(error) or "too big" in str(error):
        return Failure(LIMIT_EXCEEDED, "The question asks too much of the catalog.")
    if unknown := _UNKNOWN.search(str(error)):
        state = (
            UNDEFINED_COLUMN if unknown[1] == "column" or unknown[3] else {"table": "42P01"}.get(unknown[1], "42883")
        )
        return Failure(state, f"The catalog here answers: {error}.")
    return Failure(FEATURE_NOT_SUPPORTED, f"The catalog here cannot answer this: {error}.")


def _plain(value: Bound | int) -> str | int | None:
    return msgspec.json.encode(value).decode() if isinstance(value, list) else value


def _json(value: object, kind: Kind) -> bytes:
    if value is None:
        return b"null"
    if kind.element is not None and isinstance(value, str):
        return (
            value.encode()
            if value[:1] == "["
            else msgspec.json.encode([part for part in value.strip("{}").split(",") if part])
        )
    return msgspec.json.encode(value)


def _by_value(rows: Sequence[Sequence[object]], at: int) -> Kind:
    first = next((row[at] for row in rows if row[at] is not None), None)
    return {int: kinds.INT4, float: kinds.FLOAT8}.get(type(first), kinds.TEXT)
