"""What the front door says no with.

    Refused          a whole request is refused, before anything was written
    Unavailable      the events could not be written now; asking again later is right

A single bad event of a batch is not an exception but a `Refusal` in its place.
"""

import enum
from collections.abc import Mapping, Sequence

import msgspec


class Reason(enum.StrEnum):
    """Why an event or a request was refused. Closed: each is counted under its name and answered by `STATUS`."""

    MALFORMED_BODY = "malformed_body"
    MALFORMED_ENCODING = "malformed_encoding"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    UNSUPPORTED_CHARSET = "unsupported_charset"
    BODY_TOO_LARGE = "body_too_large"
    TOO_MANY_EVENTS = "too_many_events"
    SLOW_BODY = "slow_body"
    UNAUTHORIZED = "unauthorized"
    WRONG_KIND = "wrong_kind"
    UNKNOWN_SITE = "unknown_site"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    RATE_LIMITED = "rate_limited"
    INVALID_FIELD = "invalid_field"
    INVALID_TIME = "invalid_time"
    EVENT_TOO_LARGE = "event_too_large"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"


STATUS: dict[Reason, int] = {
    Reason.MALFORMED_BODY: 400,
    Reason.MALFORMED_ENCODING: 400,
    Reason.UNSUPPORTED_ENCODING: 415,
    Reason.UNSUPPORTED_CHARSET: 415,
    Reason.BODY_TOO_LARGE: 413,
    Reason.TOO_MANY_EVENTS: 413,
    Reason.SLOW_BODY: 408,
    Reason.UNAUTHORIZED: 401,
    Reason.WRONG_KIND: 401,
    Reason.UNKNOWN_SITE: 401,
    Reason.FORBIDDEN_ORIGIN: 403,
    Reason.RATE_LIMITED: 429,
    Reason.INVALID_FIELD: 400,
    Reason.INVALID_TIME: 400,
    Reason.EVENT_TOO_LARGE: 400,
    Reason.UNAVAILABLE: 503,
    Reason.OVERLOADED: 503,
    Reason.INTERNAL: 500,
}


class Detail(msgspec.Struct, frozen=True):
    """One thing that is wrong: the field by its path in the item, and a sentence."""

    field: str
    message: str


class Refusal(msgspec.Struct, frozen=True):
    """One event that is refused while its neighbours are taken."""

    reason: Reason
    details: tuple[Detail, ...]

    @property
    def message(self) -> str:
        """All details in one line."""
        return "; ".join(f"{detail.field}: {detail.message}" for detail in self.details)

    def worded(self, words: Mapping[str, str]) -> "Refusal":
        """The same, with fields named as a dialect's producers name them."""
        details = (Detail(words.get(detail.field, detail.field), detail.message) for detail in self.details)
        return Refusal(self.reason, tuple(details))


class Refused(Exception):
    """A whole request is refused; nothing was written."""

    def __init__(self, reason: Reason, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.details = tuple(details)

    @property
    def status(self) -> int:
        """The HTTP status for it."""
        return STATUS[self.reason]


class Unavailable(Exception):
    """Redis did not take the events. They may be asked for again: `retry_after` seconds from now."""

    def __init__(self, message: str, retry_after: int = 1, reason: Reason = Reason.UNAVAILABLE) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.reason = reason
