"""Times: ISO 8601 text <-> Unix milliseconds, always UTC."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

_SEPARATORS = ("T", "t", " ", "")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ms() -> int:
    """This moment."""
    return time.time_ns() // 1_000_000


def parse(text: str) -> int | None:
    """An ISO 8601 time as Unix milliseconds, or None when it is not one. Without an offset it means UTC."""
    if text[10:11] not in _SEPARATORS and text[4:5] == "-" and text[5:6] != "W":
        return None  # fromisoformat takes any letter between date and time
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        span = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000


def parse_all(texts: Sequence[str]) -> Sequence[int | None]:
    """`parse` of each. Takes two thirds of its time where all are ordinary."""
    if not {text[10:11] for text in texts} <= {"T"}:
        return list(map(parse, texts))
    try:
        spans = [datetime.fromisoformat(text) - _EPOCH for text in texts]
    except (ValueError, TypeError, OverflowError):  # TypeError: one has no offset
        return list(map(parse, texts))
    return [(span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000 for span in spans]


def utc(ms: int) -> datetime:
    """Unix milliseconds as a time of its own."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def text(ms: int) -> str:
    """Unix milliseconds as ISO 8601 in whole seconds."""
    return _second(ms // 1000)


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
