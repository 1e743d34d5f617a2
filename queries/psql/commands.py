"""Commands that need no engine: settings, transactions, and what forgets. They answer as PostgreSQL does."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from queries.psql import answers, kinds
from queries.psql.answers import Answer, Column
from queries.psql.sqlstate import (
    FAILED_TRANSACTION,
    INVALID_PARAMETER,
    NO_TRANSACTION,
    SYNTAX_ERROR,
    UNDEFINED_OBJECT,
    Failure,
)
from queries.psql.state import DEFAULTS, FIXED, REPORTED, State
from queries.psql.statements import Statement

_ENDS = frozenset(("COMMIT", "END", "ROLLBACK", "ABORT"))
_SECONDS = {"us": 1e-6, "ms": 1e-3, "": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_TEXTS_OF_UTF8 = frozenset(("utf8", "unicode", "sqlascii"))
_UTC = frozenset(("utc", "gmt", "etc/utc", "etc/gmt", "z", "zulu", "0", "default", "local", "universal"))


@dataclass
class Done:
    """A command was followed: its tag, perhaps rows, settings that changed, and a warning."""

    tag: str
    answer: Answer | None = None
    changed: list[tuple[str, str]] = field(default_factory=list)
    warning: str = ""


def allowed(state: State, statement: Statement) -> None:
    """Raises `Failure` in a failed transaction, unless the statement ends it."""
    if state.status == "E" and statement.first not in _ENDS:
        ignored = "current transaction is aborted, commands ignored until end of transaction block"
        raise Failure(FAILED_TRANSACTION, ignored)


async def run(state: State, statement: Statement) -> Done:
    """Follow a command. Raises `Failure` for one that is not known, or cannot be followed."""
    command = _COMMANDS.get(statement.first)
    if command is None:
        raise Failure(SYNTAX_ERROR, f'syntax error at or near "{statement.first[:60].lower()}"')
    return await command(state, statement.words[1:])


def shown(words: Sequence[str]) -> tuple[Column, ...]:
    """The columns of what SHOW answers."""
    if words[1:2] == ("ALL",):
        return tuple(Column(name, kinds.TEXT) for name in ("name", "setting", "description"))
    return (Column(_name(words[1:])[0], kinds.TEXT),)


def seconds(value: str) -> float:
    """A time as settings write it: 5s, 100ms, 5000. Raises `Failure`."""
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*(us|ms|s|min|h|d|)\s*", value)
    if found is None:
        raise Failure(INVALID_PARAMETER, f"This is no time: {value[:60]!r}. Write 5s, 100ms or 5000.")
    return float(found[1]) * _SECONDS[found[2]]


def set_to(state: State, name: str, value: str | None) -> Done:
    """Set a setting, or with None put it back. Raises `Failure` for one that there is not, or no value of it."""
    name = name.lower()
    if name not in state.settings and "." not in name:
        raise Failure(UNDEFINED_OBJECT, f'unrecognized configuration parameter "{name[:60]}"')
    if name == "client_encoding" and value is not None:
        if re.sub(r"[^a-z0-9]", "", value.lower()) not in _TEXTS_OF_UTF8:
            raise Failure(INVALID_PARAMETER, "Texts are UTF8 here: SET client_encoding TO UTF8.")
        return Done("SET")
    if name == "timezone" and value is not None and value.lower() not in _UTC:
        return Done("SET", warning="Times are shown in UTC here, whatever the setting.")
    if name in FIXED:
        return Done("SET")
    if name == "statement_timeout" and value is not None:
        seconds(value)
    if value is None:
        state.settings.pop(name, None)
        if name in DEFAULTS:
            state.settings[name] = DEFAULTS[name]
    elif len(state.settings) < 2 * len(DEFAULTS) or name in state.settings:
        state.settings[name] = value[:1024]
    return Done("SET", changed=_told(state, name))


def _told(state: State, name: str) -> list[tuple[str, str]]:
    return [(REPORTED[name], state.settings[name])] if name in REPORTED else []


def _name(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The setting that words begin with, and the words behind it."""
    if tuple(words[:2]) == ("TIME", "ZONE"):
        return "timezone", words[2:]
    if tuple(words[:3]) == ("TRANSACTION", "ISOLATION", "LEVEL"):
        return "transaction_isolation", words[3:]
    if tuple(words[:2]) == ("SESSION", "AUTHORIZATION"):
        return "session_authorization", words[2:]
    name, at = "".join(words[:1]), 1
    while words[at : at + 1] == (".",):
        name, at = f"{name}.{''.join(words[at + 1 : at + 2])}", at + 2
    if not name:
        raise Failure(SYNTAX_ERROR, "syntax error at end of input")
    return name.lower(), words[at:]


async def _set(state: State, words: Sequence[str]) -> Done:
    if words[:1] in {("SESSION",), ("LOCAL",)} and words[1:2] != ("AUTHORIZATION",):
        words = words[1:]
    if words[:1] in {("TRANSACTION",), ("CHARACTERISTICS",), ("CONSTRAINTS",)}:
        return Done("SET")  # nothing is written: every transaction is the same
    if words[:1] == ("NAMES",):
        return set_to(state, "client_encoding", "".join(words[1:2]))
    name, rest = _name(words)
    if rest[:1] in {("TO",), ("=",)}:
        rest = rest[1:]
    value = "".join(f"{word} " if word == "," else word for word in rest)
    return set_to(state, name, None if rest == ("DEFAULT",) else value)


async def _reset(state: State, words: Sequence[str]) -> Done:
    names = [name for name in state.settings if name not in FIXED] if words == ("ALL",) else [_name(words)[0]]
    changed = [one for name in names for one in set_to(state, name, None).changed]
    return Done("RESET", changed=changed)


async def _show(state: State, words: Sequence[str]) -> Done:
    columns = shown(("SHOW", *words))
    if len(columns) > 1:
        rows = [[b'"%b"' % name.encode(), _json(value), b'""'] for name, value in sorted(state.settings.items())]
        return Done("SHOW", Answer(columns, answers.listed(rows), "SHOW"))
    name = columns[0].name
    if name not in state.settings:
        raise Failure(UNDEFINED_OBJECT, f'unrecognized configuration parameter "{name[:60]}"')
    return Done("SHOW", answers.text(name, kinds.TEXT, state.settings[name], "SHOW"))


def _json(value: str) -> bytes:
    return msgspec.json.encode(value)


async def _begin(state: State, words: Sequence[str]) -> Done:
    warning = "there is already a transaction in progress" if state.status == "T" else ""
    state.status = "T"
    return Done("BEGIN", warning=warning)


async def _start(state: State, words: Sequence[str]) -> Done:
    done = await _begin(state, words)
    return Done("START TRANSACTION", warning=done.warning)


async def _commit(state: State, words: Sequence[str]) -> Done:
    tag = "ROLLBACK" if state.status == "E" else "COMMIT"
    warning = "there is no transaction in progress" if state.status == "I" else ""
    await state.end()
    return Done(tag, warning=warning)


async def _rollback(state: State, words: Sequence[str]) -> Done:
    if "TO" in words:
        if state.status == "I":
            raise Failure(NO_TRANSACTION, "ROLLBACK TO SAVEPOINT can only be used in transaction blocks")
        state.status = "T"
        return Done("ROLLBACK")
    warning = "there is no transaction in progress" if state.status == "I" else ""
    await state.end()
    return Done("ROLLBACK", warning=warning)


async def _savepoint(state: State, words: Sequence[str]) -> Done:
    if state.status == "I":
        raise Failure(NO_TRANSACTION, "SAVEPOINT can only be used in transaction blocks")
    return Done("SAVEPOINT")


async def _discard(state: State, words: Sequence[str]) -> Done:
    if words == ("ALL",):
        if state.status == "T":
            raise Failure("25001", "DISCARD ALL cannot run inside a transaction block")
        state.prepared.clear()
        await state.end()
        await _reset(state, ("ALL",))
    return Done(" ".join(("DISCARD", *words[:1])))


async def _deallocate(state: State, words: Sequence[str]) -> Done:
    words = words[1:] if words[:1] == ("PREPARE",) else words
    if words == ("ALL",):
        state.prepared.clear()
        return Done("DEALLOCATE ALL")
    name = next((one for one in state.prepared if one and one.upper() == "".join(words).upper()), None)
    if name is None:
        raise Failure("26000", f'prepared statement "{"".join(words)[:60]}" does not exist')
    del state.prepared[name]
    return Done("DEALLOCATE")


async def _close(state: State, words: Sequence[str]) -> Done:
    if words == ("ALL",):
        for name in list(state.portals):
            await state.drop(name)
        return Done("CLOSE CURSOR ALL")
    name = cursor_name(words)
    state.portal(name)
    await state.drop(name)
    return Done("CLOSE CURSOR")


def cursor_name(words: Sequence[str]) -> str:
    """The name of a cursor, as it is kept: the words have lost their case."""
    return "".join(words).lower()


def _only(tag: str) -> Callable[[State, Sequence[str]], Awaitable[Done]]:
    """What is taken and has nothing to do here."""

    async def take(state: State, words: Sequence[str]) -> Done:
        return Done(tag)

    return take


_COMMANDS: dict[str, Callable[[State, Sequence[str]], Awaitable[Done]]] = {
    "SET": _set,
    "RESET": _reset,
    "SHOW": _show,
    "BEGIN": _begin,
    "START": _start,
    "COMMIT": _commit,
    "END": _commit,
    "ROLLBACK": _rollback,
    "ABORT": _rollback,
    "SAVEPOINT": _savepoint,
    "RELEASE": _only("RELEASE"),
    "DISCARD": _discard,
    "DEALLOCATE": _deallocate,
    "CLOSE": _close,
    "LISTEN": _only("LISTEN"),
    "UNLISTEN": _only("UNLISTEN"),
}
