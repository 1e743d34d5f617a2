"""Lifetimes as people write them, and moments as they read them."""

import re
import time
from datetime import UTC, datetime

from clients.cli.errors import WrongUsage

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
