"""Answers of all statements in one shape: columns, and rows as lines of JSON, whoever makes them."""

import contextlib
import dataclasses
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from queries.confined import Confined
from queries.errors import StoreUnavailable
from queries.gate import Gate
from queries.psql import encoding
from queries.psql.catalog.answer import Found
from queries.psql.encoding import Encoder
from queries.psql.kinds import Kind, of_clickhouse
from queries.psql.sqlstate import INTERNAL, LIMIT_EXCEEDED, PROTOCOL_VIOLATION, Failure, of_engine
from queries.sandbox import verdicts
from queries.sandbox.compile import Checked

MAX_ROW_BYTES = 16 << 20
_FORM = "JSONCompactEachRowWithNamesAndTypes"
#: no decimal becomes a float
_EXACT: Mapping[str, object] = {"output_format_json_quote_decimals": 1}
_row_of = msgspec.json.Decoder(list[msgspec.Raw]).decode
_texts_of = msgspec.json.Decoder(list[str]).decode
_HEAD = struct.Struct("!ciH")
_NULL = struct.Struct("!i").pack(-1)

#: rows of an answer, some at a time, each a JSON array
Lines = AsyncGenerator[Sequence[bytes], None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Answer:
    """`lines` must be closed by whoever takes the answer; what makes them ends with that."""

    columns: tuple[Column, ...]
    lines: Lines
    tag: str = "SELECT"


async def listed(rows: Sequence[Sequence[bytes]]) -> Lines:
    """Rows that are there already."""
    yield [b"[" + b",".join(row) + b"]" for row in rows]


def of_catalog(found: Found) -> Answer:
    """An answer of the catalog."""
    columns = tuple(Column(name, kind) for name, kind in zip(found.names, found.kinds, strict=True))
    return Answer(columns, listed(found.rows))


def text(name: str, kind: Kind, value: object, tag: str) -> Answer:
    """One value."""
    return Answer((Column(name, kind),), listed([[msgspec.json.encode(value)]]), tag)


async def of_events(confined: Confined, gate: Gate, project: str, checked: Checked, text: str) -> Answer:
    """Start a statement of the sandbox, which was written so. Raises as the store does, also later from the lines."""
    lines = _streamed(confined, gate, project, checked, text)
    try:
        names, types = await anext(lines)
    except StopAsyncIteration as end:
        raise Failure(INTERNAL, "The engine answered nothing.") from end
    return Answer(_columns(checked, _texts_of(names), _texts_of(types)), lines)


async def described(confined: Confined, gate: Gate, project: str, checked: Checked, text: str) -> tuple[Column, ...]:
    """The columns of a statement that is not run."""
    asked = dataclasses.replace(checked, text=f"DESCRIBE TABLE ({checked.text})")
    with _understood(text):
        async with gate.enter(project):
            rows = await confined.rows(asked, project)
    return _columns(checked, [str(row[0]) for row in rows], [str(row[1]) for row in rows])


def data_row(line: bytes, encoders: Sequence[Encoder]) -> bytes:
    """The message of a row."""
    parts = []
    for raw, write in zip(_row_of(line), encoders, strict=True):
        value = bytes(raw)
        parts.append(_NULL if value == b"null" else encoding.sized(write(value)))
    body = b"".join(parts)
    return _HEAD.pack(b"D", 6 + len(body), len(parts)) + body


def encoders(columns: Sequence[Column], formats: Sequence[int]) -> list[Encoder]:
    """What writes each column: no formats are all texts, one is for all. Raises `Failure` for a wrong number."""
    if len(formats) not in {0, 1, len(columns)} or not {0, 1}.issuperset(formats):
        raise Failure(PROTOCOL_VIOLATION, "The formats of the results are not those of the columns.")
    each = formats if len(formats) == len(columns) else [formats[0] if formats else 0] * len(columns)
    return [encoding.encoder(one.kind, bool(form)) for one, form in zip(columns, each, strict=True)]


def _columns(checked: Checked, names: Sequence[str], types: Sequence[str]) -> tuple[Column, ...]:
    shown = checked.names if checked.names is not None and len(checked.names) == len(names) else names
    return tuple(Column(name, of_clickhouse(kind)) for name, kind in zip(shown, types, strict=True))


@contextlib.contextmanager
def _understood(text: str) -> Iterator[None]:
    """What the engine has against a statement, in words that say what to do."""
    try:
        yield
    except StoreUnavailable as error:
        code = getattr(error.__cause__, "code", None) or 0
        said = verdicts.sentence(code, str(error.__cause__), text)
        if said is None:
            raise
        raise Failure(of_engine(code), said) from error


async def _streamed(confined: Confined, gate: Gate, project: str, checked: Checked, text: str) -> Lines:
    """First the lines of names and types, then those of the rows, as they arrive."""
    with _understood(text):
        chunks = confined.stream(checked, project, _FORM, _EXACT)
        async with gate.enter(project), contextlib.aclosing(chunks):
            head: list[bytes] | None = []
            async for lines in whole_lines(chunks):
                if head is None:
                    yield lines
                    continue
                head += lines
                if len(head) >= 2:
                    yield head[:2]
                    if head[2:]:
                        yield head[2:]
                    head = None


async def whole_lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes], None]:
    """Whole lines, as many as each chunk ends. Raises `Failure` for a row that is too large."""
    begun: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        if ended:
            ended[0] = b"".join((*begun, ended[0]))
            begun, size = [], 0
            yield ended
        begun.append(rest)
        size += len(rest)
        if size > MAX_ROW_BYTES:
            raise Failure(LIMIT_EXCEEDED, f"A row has more than {MAX_ROW_BYTES} bytes: ask for less at once.")
    if size:
        raise Failure(INTERNAL, "The answer broke off.")
