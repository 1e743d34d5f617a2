"""Lifetimes as people write them, and moments as they read them."""

import re
import time
from datetime import UTC, datetime

from clients.cli.errors import WrongUsage
from ingest_api.moment import parse

_DURATION = re.compile(r"(\d{1,6})([mhdw])")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


def duration(option: str, text: str) -> int:
    """Milliseconds. 0 needs no unit. Raises `WrongUsage` naming the option."""
    match = _DURATION.fullmatch(text)
    if match:
        return int(match[1]) * _UNIT_MS[match[2]]
    if text == "0":
        return 0
    raise WrongUsage(f"{option} {text!r}: write a duration as 30m, 12h, 90d or 4w.")


def instant(option: str, text: str) -> int:
    """Unix milliseconds: an ISO 8601 time, or how long ago. Raises `WrongUsage` naming the option."""
    found = parse(text)
    if found is not None:
        return found
    try:
        return now() - duration(option, text)
    except WrongUsage:
        raise WrongUsage(f"{option} {text!r}: write 2026-11-21T15:00:00Z, or how long ago as 30m, 12h or 7d.") from None


def expiry(lifetime: str | None, now_ms: int) -> int:
    """When a key with this lifetime expires, Unix milliseconds; 0 for never. Raises `WrongUsage`."""
    if lifetime is None:
        return 0
    span = duration("--expires", lifetime)
    if not span:
        raise WrongUsage(f"--expires {lifetime!r}: a key must live for a while, such as 12h, 90d or 4w.")
    return now_ms + span


def moment(unix_ms: int) -> str:
    """To the minute, for tables."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000
