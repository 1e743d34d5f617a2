"""Properties: the JSON object of everything that has no column of its own, kept as the bytes that were sent."""

import json
import re
from collections.abc import Iterator, Sequence

import msgspec
import orjson

from ingest_api.rules.limits import Limits

EMPTY = b"{}"

#: every digit as a 0. Every fifth byte of a long number shows at least three: a fifth clears most properties
_ZEROS = bytes.maketrans(b"0123456789", b"0000000000")
_PLAIN_ZEROS = bytes.maketrans(b"0123456789E", b"0000000000e")
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
#: the same once all of its digits are zeros; where many are looked through at once, a fifth would clear too few
_LONG = b"0" * 19
#: an exponent of three digits, behind a digit
_LARGE = b"0e000"
#: all but brackets and quotes
_NO_MARKS = bytes(set(range(256)).difference(b'{}[]"'))
_INT64 = range(-(1 << 63), 1 << 63)


class _Named(msgspec.Struct, gc=False):
    user_id: str = ""


_decode_named = msgspec.json.Decoder(_Named).decode


def problem(properties: bytes, limits: Limits) -> str:
    """What is wrong with them, or an empty text. Strict where a typed decode only skims."""
    try:
        orjson.loads(properties)
    except orjson.JSONDecodeError as error:
        return f"is not valid JSON: {error.msg}"
    if properties.count(b"{") + properties.count(b"[") > limits.max_depth and _depth(properties) > limits.max_depth:
        return f"is nested deeper than {limits.max_depth} levels"
    if len(properties) > limits.max_property_key_chars and not _plainly_short(properties, limits):
        return _length_problem(properties, limits)
    return ""


def plain(many: Sequence[bytes], limits: Limits) -> bool:
    """Whether none of them has a `problem`, and each is `exact` as it is; where in doubt it is False.

    Of many at once, in a few passes over all of their bytes. Each is one JSON object, as far as a typed decode skims:
    it lets bytes pass that are no UTF-8, and numbers too large for a double, nothing else. A short number is too large
    only with an exponent of three digits; a text that looks like that leaves a doubt.
    """
    together = b",".join(many)
    zeros = together.translate(_PLAIN_ZEROS, b"+")
    return (
        _LONG not in zeros
        and _plainly_short(together, limits)
        and _plainly_shallow(together, limits)
        and ((_LARGE not in zeros and _is_utf_8(together)) or _is_json(b"[%b]" % together))
    )


def exact(properties: bytes) -> bytes:
    """The same properties, with integers beyond 64 bits as text: every later reader would round them.

    Called with properties that have no `problem`.
    """
    if b"000" not in properties[4::5].translate(_ZEROS) or not _LONG_NUMBER.search(properties):
        return properties
    found = False

    def number(text: str) -> int | str:
        nonlocal found
        value = int(text)
        if value in _INT64:
            return value
        found = True
        return text

    told = json.loads(properties, parse_int=number)
    return orjson.dumps(told) if found else properties


def user_id(properties: bytes) -> str:
    """The text `user_id` among the properties, or an empty text."""
    if b'"user_id"' not in properties:
        return ""
    try:
        return _decode_named(properties).user_id
    except (msgspec.MsgspecError, RecursionError):
        return ""


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_utf_8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _plainly_short(properties: bytes, limits: Limits) -> bool:
    """Whether no text can be too long, told from the quotes alone; an escaped quote hides a length."""
    if b"\\" in properties and b'\\"' in properties:  # one byte is found at once, two are not
        return False
    limit = min(limits.max_property_key_chars, limits.max_property_text_chars)
    first, end = 0, len(properties)
    while end - first > limit:
        first = properties.rfind(b'"', first, first + limit + 1) + 1  # the last quote that may stand here
        if not first:
            return False
    return True


def _plainly_shallow(properties: bytes, limits: Limits) -> bool:
    """Whether nothing can be nested too deeply, told from brackets that vanish in pairs, the innermost first.

    Texts vanish before, as two quotes each; one that holds a bracket stays, and leaves a doubt. No quote is escaped.
    """
    marks = properties.translate(None, _NO_MARKS).replace(b'""', b"")
    for _ in range(limits.max_depth // 2):  # one turn takes two levels away where an array holds an object
        if not marks:
            break
        marks = marks.replace(b"{}", b"").replace(b"[]", b"")
    return not marks


def _length_problem(properties: bytes, limits: Limits) -> str:
    for level in _levels(properties):
        for node in level:
            if isinstance(node, dict) and max(map(len, node), default=0) > limits.max_property_key_chars:
                return f"has a name longer than {limits.max_property_key_chars} characters"
            if isinstance(node, str) and len(node) > limits.max_property_text_chars:
                return f"has a text longer than {limits.max_property_text_chars} characters"
    return ""


def _depth(properties: bytes) -> int:
    return sum(1 for _ in _levels(properties)) - 1


def _levels(properties: bytes) -> Iterator[list[object]]:
    """The values by depth, without recursion: how deep they are is what is asked."""
    level: list[object] = [orjson.loads(properties)]
    while level:
        yield level
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
