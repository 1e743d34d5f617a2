"""Redaction: properties that a project does not want to be stored are removed, or replaced by a keyed hash. No I/O."""

import enum
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_plus

import msgspec

#: how a hashed value begins; the number tells how it was made
PREFIX = "hr1:"
_HASHED = re.compile(rb'"hr1:[0-9a-f]{32}"')
_NOTHING = (b"null", b'""')
_SPACE = b" \t\r\n"
#: `?name=`: in the query, in the fragment, and in an address that stands unescaped in another
_PARAMETER = re.compile(r"[?&;#]([^?&;#=]*)=")
_DOT = re.compile(r"\.")
_ESCAPES = re.compile(r"[%+[]")
_BEGIN = re.compile("[?#]")
_END = re.compile(r"[&#]|\Z")
#: `customer[email]` is `customer.email`
_BRACKETS = str.maketrans({"[": ".", "]": None})

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


class _Rule(enum.Enum):
    """What becomes of a path."""

    #: something below it is listed
    LOOK = enum.auto()
    HASH = enum.auto()
    DROP = enum.auto()


class Unreadable(ValueError):
    """The properties are no JSON object, or nested too deeply: nobody can say what is in them."""


class Redaction:
    """What one project lists. A path is the names on the way to a value with dots between them, lists passed over.

    That is how ClickHouse names it: `{"a": {"b": 1}}`, `{"a.b": 1}` and `{"a": [{"b": 1}]}` have the path `a.b`.
    Whatever lies below a path that is listed counts as listed; what is to be dropped is not hashed.
    """

    def __init__(self, project: str, dropped: Iterable[str], hashed: Iterable[str], secret: bytes) -> None:
        dropped, hashed = frozenset(dropped), frozenset(hashed)
        listed = dropped | hashed
        above = {one for path in listed for one in _above(path)}
        #: the later ones win
        self._rules = dict.fromkeys(above, _Rule.LOOK) | dict.fromkeys(hashed, _Rule.HASH)
        self._rules |= dict.fromkeys(dropped, _Rule.DROP)
        #: a project's values are hashed under a key of its own
        self._key = hashlib.blake2b(project.encode(), key=secret, digest_size=32).digest()
        self._marks = tuple({b'"' + path.partition(".")[0].encode() for path in listed})
        self._parameters = frozenset(map(str.lower, listed))
        self._parameter_marks = tuple({path.partition(".")[0] for path in self._parameters})
        #: whether a parameter of a url is listed, or lies below what is, however it is written
        self.names = lru_cache(maxsize=1024)(self._names)

    def _names(self, parameter: str) -> bool:
        path = unquote_plus(parameter).translate(_BRACKETS).lower()
        return path in self._parameters or any(one in self._parameters for one in _above(path))

    def properties(self, given: bytes) -> bytes:
        """Properties as they are stored; every value that is not concerned keeps its bytes. Raises `Unreadable`."""
        if b"\\" not in given and not any(mark in given for mark in self._marks):
            return given  # a name hides behind an escape alone
        try:
            return self._object(given, "", hashes=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(str(error)) from error

    def address(self, given: str) -> str:
        """A url without the values of the parameters that are listed, be it to be dropped or to be hashed."""
        first = _BEGIN.search(given)
        if first is None or not self._may_name(given):
            return given
        kept, at = [], 0
        for found in _PARAMETER.finditer(given, first.start()):
            if found.start() >= at and self.names(found[1]):
                kept.append(given[at : found.end()])
                end = _END.search(given, found.end())
                at = end.start() if end else len(given)
        return "".join([*kept, given[at:]]) if kept else given

    def _may_name(self, given: str) -> bool:
        """False where no parameter can be listed: a name hides behind an escape alone."""
        if _ESCAPES.search(given):
            return True
        lower = given.lower()
        return any(mark in lower for mark in self._parameter_marks)

    def _object(self, raw: bytes, above: str, *, hashes: bool) -> bytes:
        kept: dict[str, msgspec.Raw] = {}
        for name, value in _decode_object(raw).items():
            path = above + name
            rule = self._strictest(path) if "." in name else self._rules.get(path)
            if rule is _Rule.DROP:
                continue
            deeper = hashes or rule is _Rule.HASH
            kept[name] = self._value(value, path, hashes=deeper) if deeper or rule is _Rule.LOOK else value
        return _encode(kept)

    def _strictest(self, path: str) -> "_Rule | None":
        """What becomes of a name with dots: nobody has looked at the paths between them."""
        rules = {self._rules.get(one) for one in _above(path)} - {_Rule.LOOK} | {self._rules.get(path)}
        return next((rule for rule in (_Rule.DROP, _Rule.HASH, _Rule.LOOK) if rule in rules), None)

    def _value(self, raw: msgspec.Raw, path: str, *, hashes: bool) -> msgspec.Raw:
        given = bytes(raw).strip(_SPACE)
        if given[:1] == b"{":
            return msgspec.Raw(self._object(given, f"{path}.", hashes=hashes))
        if given[:1] == b"[":
            return msgspec.Raw(_encode([self._value(one, path, hashes=hashes) for one in _decode_array(given)]))
        return msgspec.Raw(self._hash(given, path)) if hashes else raw

    def _hash(self, given: bytes, path: str) -> bytes:
        """Of one text, number or truth. What is empty says nothing, and what is hashed already stays."""
        if given in _NOTHING or _HASHED.fullmatch(given):
            return given
        text = _decode_text(given) if given[:1] == b'"' else given.decode()
        told = msgspec.msgpack.encode((path, text))
        return f'"{PREFIX}{hashlib.blake2b(told, key=self._key, digest_size=16).hexdigest()}"'.encode()


@lru_cache(maxsize=1024)
def redaction(project: str, dropped: tuple[str, ...], hashed: tuple[str, ...], secret: bytes) -> Redaction:
    """The redaction of a project, made once."""
    return Redaction(project, dropped, hashed, secret)


def _above(path: str) -> list[str]:
    """The paths above a path, the shortest first."""
    return [path[: dot.start()] for dot in _DOT.finditer(path)]
