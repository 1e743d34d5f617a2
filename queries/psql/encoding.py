"""Values of answers, each one JSON text as the engine writes it, as PostgreSQL's text and binary formats have them."""

import struct
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from queries.psql.kinds import Kind
from queries.psql.sqlstate import OUT_OF_RANGE, Failure

Encoder = Callable[[bytes], bytes]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_TRUE = frozenset((b"true", b"1", b'"t"', b'"true"'))
_text_of = msgspec.json.Decoder(str).decode
_items_of = msgspec.json.Decoder(list[msgspec.Raw]).decode
#: the texts of which PostgreSQL's array format puts into quotes, besides empty ones
_QUOTED = frozenset('{},"\\ \t\n\r\v\f')
_RANGES = {2: 1 << 15, 4: 1 << 31, 8: 1 << 63}
_SIZED = {2: struct.Struct("!h"), 4: struct.Struct("!i"), 8: struct.Struct("!q")}
_UNSIGNED = struct.Struct("!I")
_FLOATS = {4: struct.Struct("!f"), 8: struct.Struct("!d")}
_DIGITS = struct.Struct("!hhHh")
_LENGTH = struct.Struct("!i")


def string(raw: bytes) -> str:
    """What a JSON value is as a text: a string itself, everything else as it is written."""
    if raw[:1] != b'"':
        return raw.decode(errors="replace")
    if b"\\" not in raw:
        return raw[1:-1].decode(errors="replace")
    return _text_of(raw)


def encoder(kind: Kind, binary: bool) -> Encoder:
    """What writes values of this type; NULL is not among them. It raises `Failure` for what the type cannot hold."""
    if kind.element is not None:
        return _array_encoder(kind, binary)
    if not binary:
        return _integer_text(kind) if kind.form == "int" else _TEXTS.get(kind.form, _text)
    sized = {"int": _integer_binary, "float": _float_binary}
    if kind.form in sized:
        return sized[kind.form](kind)
    return _BINARIES.get(kind.form, _text)


def _text(raw: bytes) -> bytes:
    if raw[:1] == b'"' and b"\\" not in raw:
        return raw[1:-1]
    return string(raw).encode(errors="replace").replace(b"\0", b"")  # PostgreSQL's text holds no zero


def _bool_text(raw: bytes) -> bytes:
    return b"t" if raw in _TRUE else b"f"


def _float_text(raw: bytes) -> bytes:
    text = raw.strip(b'"')
    return {b"nan": b"NaN", b"-nan": b"NaN", b"inf": b"Infinity", b"-inf": b"-Infinity"}.get(text, text)


def _time_text(raw: bytes) -> bytes:
    return _naive_text(raw) + b"+00"


def _naive_text(raw: bytes) -> bytes:
    """As PostgreSQL writes it: no zeros at the end of a fraction."""
    moment = raw.strip(b'"').replace(b"T", b" ").removesuffix(b"Z")
    return moment.rstrip(b"0").rstrip(b".") if b"." in moment else moment


def _integer(kind: Kind, raw: bytes) -> int:
    number = int(raw.strip(b'"'))
    least, limit = (0, 1 << 32) if kind.name == "oid" else (-_RANGES[kind.size], _RANGES[kind.size])
    if not least <= number < limit:
        raise Failure(OUT_OF_RANGE, f"{number} is out of range for type {kind.title}: cast it to numeric.")
    return number


def _integer_text(kind: Kind) -> Encoder:
    return lambda raw: raw if len(raw) < 5 and raw.isdigit() else str(_integer(kind, raw)).encode()


def _integer_binary(kind: Kind) -> Encoder:
    pack = (_UNSIGNED if kind.name == "oid" else _SIZED[kind.size]).pack
    return lambda raw: pack(_integer(kind, raw))


def _float_binary(kind: Kind) -> Encoder:
    pack = _FLOATS[kind.size].pack
    return lambda raw: pack(float(raw.strip(b'"')))


def _numeric_binary(raw: bytes) -> bytes:
    """Digits to the base 10,000, the weight of the first, the sign, and how many decimals are shown."""
    text = raw.strip(b'"').decode()
    whole, _, part = text.lstrip("-").partition(".")
    padded = whole.rjust(-(-len(whole) // 4) * 4, "0") + part.ljust(-(-len(part) // 4) * 4, "0")
    groups = [int(padded[at : at + 4]) for at in range(0, len(padded), 4)]
    weight = -(-len(whole) // 4) - 1
    while groups and not groups[0]:
        groups.pop(0)
        weight -= 1
    while groups and not groups[-1]:
        groups.pop()
    sign = 0x4000 if text.startswith("-") and groups else 0
    head = _DIGITS.pack(len(groups), weight if groups else 0, sign, len(part))
    return head + struct.pack(f"!{len(groups)}H", *groups)


def _date_binary(raw: bytes) -> bytes:
    return _LENGTH.pack(date.fromisoformat(string(raw)[:10]).toordinal() - _EPOCH_DAY)


def _time_binary(raw: bytes) -> bytes:
    """Microseconds since 2000, exactly: nanoseconds of the engine are cut."""
    moment = datetime.fromisoformat(string(raw).replace("Z", "+00:00"))
    passed = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return _SIZED[8].pack((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)


def _array_encoder(kind: Kind, binary: bool) -> Encoder:
    element = kind.element
    assert element is not None  # noqa: S101  for the type checker: `encoder` asks only for arrays
    inner = encoder(element, binary)
    if not binary and kind.form == "vector":
        return lambda raw: b" ".join(inner(bytes(one)) for one in _items_of(raw))
    if not binary:
        return lambda raw: b"{" + b",".join(_quoted(bytes(one), inner) for one in _items_of(raw)) + b"}"

    def pack(raw: bytes) -> bytes:
        items = [None if bytes(one) == b"null" else inner(bytes(one)) for one in _items_of(raw)]
        lower = 0 if kind.form == "vector" else 1
        shape = struct.pack("!ii", len(items), lower) if items or kind.form == "vector" else b""
        head = struct.pack("!iiI", 1 if shape else 0, int(None in items), element.oid) + shape
        return head + b"".join(sized(one) for one in items)

    return pack


def sized(value: bytes | None) -> bytes:
    """A value with its length before it, as rows and arrays hold it."""
    return _LENGTH.pack(-1) if value is None else _LENGTH.pack(len(value)) + value


def _quoted(raw: bytes, inner: Encoder) -> bytes:
    if raw == b"null":
        return b"NULL"
    text = inner(raw).decode(errors="replace")
    if text and text.upper() != "NULL" and not _QUOTED.intersection(text):
        return text.encode()
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


_TEXTS: dict[str, Encoder] = {
    "bool": _bool_text,
    "float": _float_text,
    "timestamp": _naive_text,
    "timestamptz": _time_text,
    "json": bytes,
    "jsonb": bytes,
}
_BINARIES: dict[str, Encoder] = {
    "bool": lambda raw: b"\1" if raw in _TRUE else b"\0",
    "numeric": _numeric_binary,
    "date": _date_binary,
    "timestamp": _time_binary,
    "timestamptz": _time_binary,
    "uuid": lambda raw: uuid.UUID(string(raw)).bytes,
    "json": bytes,
    "jsonb": lambda raw: b"\1" + raw,
}
