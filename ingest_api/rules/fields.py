"""The fields of one JSON object, taken out one by one. What is wrong is gathered; what is left becomes properties."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from ingest_api import ip, moment
from ingest_api.errors import Detail, Reason, Refusal

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode
_NULL = b"null"


class NoObject(ValueError):
    """The bytes are no JSON object; the text says why. `malformed` when they are not even JSON."""

    def __init__(self, why: str, *, malformed: bool) -> None:
        super().__init__(why)
        self.malformed = malformed


class Fields:
    """Reads the fields that a dialect knows. A field that is null counts as left out."""

    __slots__ = ("_left", "wrong")

    def __init__(self, raw: bytes | msgspec.Raw) -> None:
        """Raises `NoObject`."""
        try:
            self._left = _decode_object(raw)
        except msgspec.ValidationError as error:
            raise NoObject("must be a JSON object", malformed=False) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise NoObject(explain(error), malformed=True) from error
        self.wrong: list[Detail] = []

    def text(self, name: str, *, required: bool = False, most: int = 0) -> str:
        """A string, of at most so many characters where that is said, or an empty text."""
        raw = self.take(name)
        if raw is None:
            if required:
                self.refuse(name, "is required")
            return ""
        try:
            value = _decode_text(raw)
        except msgspec.MsgspecError:
            self.refuse(name, "must be a string")
            return ""
        if required and not value:
            self.refuse(name, "must not be empty")
        if 0 < most < len(value):
            self.refuse(name, f"must be at most {most} characters")
        return value

    def address(self, name: str) -> str:
        """An IPv4 or IPv6 address in its shortest form, or an empty text."""
        text = self.text(name)
        found = address(text) if text else ""
        if found is None:
            self.refuse(name, "must be an IPv4 or IPv6 address")
        return found or ""

    def country(self, name: str) -> str:
        """A country in two capital letters, or an empty text."""
        text = self.text(name)
        found = country(text) if text else ""
        if found is None:
            self.refuse(name, "must be two letters of ISO 3166-1 such as US")
        return found or ""

    def time(self, name: str, *, required: bool = False) -> int | None:
        """An ISO 8601 time as Unix milliseconds; None when it was left out."""
        text = self.text(name, required=required)
        if not text:
            return None
        value = moment.parse(text)
        if value is None:
            self.refuse(name, "is not an ISO 8601 time such as 2025-12-22T10:30:00Z")
        return value

    def object(self, name: str) -> bytes:
        """A JSON object as it was sent; `{}` when it was left out."""
        raw = self.take(name)
        if raw is None:
            return b"{}"
        if raw[:1] != b"{":
            self.refuse(name, "must be a JSON object")
            return b"{}"
        return raw

    def take(self, name: str) -> bytes | None:
        """Any value as it was sent, or None."""
        raw = self._left.pop(name, None)
        value = None if raw is None else bytes(raw)
        return None if value == _NULL else value

    def rest(self, inner: bytes = b"{}") -> bytes:
        """The fields of an inner object and everything that was not taken, as one JSON object."""
        if not self._left:
            return inner
        try:
            return _encode(self._left | _decode_object(inner))
        except (msgspec.MsgspecError, RecursionError):
            return inner  # what is wrong with it will be told

    def refuse(self, name: str, message: str) -> None:
        """Note that a field is wrong."""
        self.wrong.append(Detail(name, message))

    def refusal(self, reason: Reason = Reason.INVALID_FIELD) -> Refusal | None:
        """Everything that is wrong so far, or None."""
        return Refusal(reason, tuple(self.wrong)) if self.wrong else None


def array(raw: bytes | msgspec.Raw) -> Sequence[msgspec.Raw]:
    """The items of a JSON array. Raises `NoObject`."""
    try:
        return _decode_array(raw)
    except msgspec.ValidationError as error:
        raise NoObject("must be a JSON array", malformed=False) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoObject(explain(error), malformed=True) from error


@lru_cache(maxsize=16_384)
def address(text: str) -> str | None:
    """An IPv4 or IPv6 address in its shortest form, an IPv4 one also where it came as IPv6; None for other text."""
    found = ip.parse(text)
    return None if found is None else str(found)


def country(text: str) -> str | None:
    """The two letters of a country, capital; None for other text. Codes are not looked up: new ones come."""
    return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else None


def explain(error: Exception) -> str:
    """Why bytes are no JSON, with the position."""
    return f"is not valid JSON: {'it is nested too deeply' if isinstance(error, RecursionError) else error}"


_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
