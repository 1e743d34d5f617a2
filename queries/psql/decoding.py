"""Parameters of clients, in PostgreSQL's text or binary format -> what is bound: a text, a list of texts, or nothing.

Texts are what both ClickHouse and SQLite read as a value of the type that is bound.
"""

import json
import struct
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from queries.psql.kinds import Kind
from queries.psql.sqlstate import BAD_BINARY, BAD_TEXT, OUT_OF_RANGE, Failure

Bound = str | list[str | None] | None

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_YES, _NO = frozenset(("t", "true", "y", "yes", "on", "1")), frozenset(("f", "false", "n", "no", "off", "0"))
#: what ClickHouse can bind
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)
_LIMITS = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}


def decode(kind: Kind, binary: bool, value: bytes) -> Bound:
    """The parameter. Raises `Failure` when it is no value of its type."""
    try:
        if kind.element is not None:
            return _array(kind.element, value) if binary else list(_items(kind.element, value.decode()))
        return _binary(kind, value) if binary else _text(kind, value.decode())
    except (ValueError, struct.error, InvalidOperation, OverflowError) as error:
        state = BAD_BINARY if binary else BAD_TEXT
        shown = "" if binary else f': "{value[:100].decode(errors="replace")}"'
        raise Failure(state, f"A parameter is no value of type {kind.title}{shown}.") from error


def _text(kind: Kind, text: str) -> str:
    reader = _TEXTS.get(kind.form)
    return reader(kind, text) if reader else _plain(text)


def _binary(kind: Kind, value: bytes) -> str:
    reader = _BINARIES.get(kind.form)
    return reader(kind, value) if reader else _text(kind, value.decode())


def moment(at: datetime) -> str:
    """A time as ClickHouse binds it: UTC, microseconds. A time without a zone is one of UTC."""
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if not _FIRST <= at <= _LAST:
        raise Failure(OUT_OF_RANGE, "A time must be from the year 1900 to the year 2299.")
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def _with_minutes(text: str) -> str:
    """`+01` is a zone for PostgreSQL, `+01:00` for Python."""
    return text + ":00" if len(text) > 13 and text[-3] in "+-" and text[-2:].isdigit() else text


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text holds no zero")
    return text


def _fitting(kind: Kind, number: int) -> int:
    limit = _LIMITS.get(kind.name)
    if not (0 <= number < 1 << 32 if limit is None else -limit <= number < limit):
        raise Failure(OUT_OF_RANGE, f"{number} is out of range for type {kind.title}.")
    return number


def _bool(_: Kind, text: str) -> str:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError("neither true nor false")
    return "true" if word in _YES else "false"


def _json(_: Kind, text: str) -> str:
    json.loads(text)
    return _plain(text)


def _jsonb(kind: Kind, value: bytes) -> str:
    if value[:1] != b"\1":
        raise ValueError("an unknown version of jsonb")
    return _json(kind, value[1:].decode())


def _integer(kind: Kind, value: bytes) -> str:
    return str(_fitting(kind, int.from_bytes(_exact(value, kind.size), "big", signed=kind.name != "oid")))


def _numeric(number: Decimal) -> str:
    if not number.is_finite() or number.adjusted() > 56 or int(number.as_tuple().exponent) < -200:
        raise Failure(OUT_OF_RANGE, f"{number:.20} is not bound: a numeric here is below 1e57.")
    return f"{number:f}"


def _digits(value: bytes) -> Decimal:
    count, weight, sign, _ = struct.unpack_from("!HhHH", value)
    if sign not in {0, 0x4000} or len(value) != 8 + 2 * count or count > 1000:
        raise ValueError("no finite number")
    groups = struct.unpack_from(f"!{count}H", value, 8)
    if any(group > 9999 for group in groups):
        raise ValueError("no digit to the base 10,000")
    digits = tuple(int(digit) for group in groups for digit in f"{group:04d}")
    return Decimal((int(sign != 0), digits, 4 * (weight - count + 1)))


def _exact(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise ValueError(f"{size} bytes are wanted")
    return value


def _array(element: Kind, value: bytes) -> list[str | None]:
    dimensions, _, _ = struct.unpack_from("!iiI", value)
    if dimensions == 0:
        return []
    if dimensions != 1:
        raise ValueError("an array of one dimension is wanted")
    count, at, items = struct.unpack_from("!i", value, 12)[0], 20, []
    for _ in range(count):
        length = struct.unpack_from("!i", value, at)[0]
        at += 4
        items.append(None if length < 0 else _binary(element, _exact(value[at : at + length], length)))
        at += max(length, 0)
    return items


def _items(element: Kind, text: str) -> Iterator[str | None]:
    """The items of `{a,"b,c",NULL}`."""
    text = text.strip()
    if text[:1] != "{" or text[-1:] != "}" or len(text) < 2:
        raise ValueError("an array is written {a,b}")
    at, end = 1, len(text) - 1
    while at < end:
        item, at, quoted = _item(text, at, end)
        yield None if item.upper() == "NULL" and not quoted else _text(element, item)
        if at < end and text[at] != ",":
            raise ValueError("a comma is wanted")
        at += 1


def _item(text: str, at: int, end: int) -> tuple[str, int, bool]:
    """An item, where it ends, and whether it was quoted."""
    letters, quoted, inside = [], text[at] == '"', False
    while at < end and (inside or text[at] != ","):
        if text[at] == "\\":
            at += 1
            letters.append(text[at])
        elif text[at] == '"':
            inside = not inside
        elif not inside and text[at] in "{}":
            raise ValueError("an array of one dimension is wanted")
        else:
            letters.append(text[at])
        at += 1
    if inside or at > end:
        raise ValueError("a quote is not closed")
    return "".join(letters), at, quoted


_TEXTS: dict[str, Callable[[Kind, str], str]] = {
    "int": lambda kind, text: str(_fitting(kind, int(text))),
    "bool": _bool,
    "float": lambda _, text: str(float(text)),
    "numeric": lambda _, text: _numeric(Decimal(text)),
    "uuid": lambda _, text: str(uuid.UUID(text)),
    "date": lambda _, text: date.fromisoformat(text.strip()[:10]).isoformat(),
    "timestamp": lambda _, text: moment(datetime.fromisoformat(_with_minutes(text.strip()))),
    "timestamptz": lambda _, text: moment(datetime.fromisoformat(_with_minutes(text.strip()))),
    "json": _json,
    "jsonb": _json,
}
_BINARIES: dict[str, Callable[[Kind, bytes], str]] = {
    "int": _integer,
    "bool": lambda _, value: "true" if _exact(value, 1) != b"\0" else "false",
    "float": lambda kind, value: str(struct.unpack("!f" if kind.size == 4 else "!d", value)[0]),
    "numeric": lambda _, value: _numeric(_digits(value)),
    "uuid": lambda _, value: str(uuid.UUID(bytes=value)),
    "date": lambda _, value: date.fromordinal(_EPOCH_DAY + struct.unpack("!i", value)[0]).isoformat(),
    "timestamp": lambda _, value: moment(_EPOCH + timedelta(microseconds=struct.unpack("!q", value)[0])),
    "timestamptz": lambda _, value: moment(_EPOCH + timedelta(microseconds=struct.unpack("!q", value)[0])),
    "jsonb": _jsonb,
}
