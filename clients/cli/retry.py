"""Patience: how long and how often a failed attempt is repeated."""

import asyncio
import secrets
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from clients.cli.errors import Transient, Unreachable

BASE_SECONDS = 0.2
CAP_SECONDS = 20.0
#: a person waits for the answer
SHORT_SECONDS = 10.0

#: told before each pause: the reason and its length in seconds
OnWait = Callable[[str, float], None]

_RANDOM = secrets.SystemRandom()


class Patience:
    """Pauses between the attempts of one request: exponential backoff with full jitter, after what was asked for.

    Full jitter, so that clients that failed together do not come back together.
    """

    def __init__(
        self,
        seconds: float,
        on_wait: OnWait,
        *,
        jitter: Callable[[float, float], float] = _RANDOM.uniform,
    ) -> None:
        self._seconds = seconds
        self._on_wait = on_wait
        self._jitter = jitter
        self._until: float | None = None
        self._attempts = 0

    async def wait(self, trouble: Transient) -> None:
        """Pause before the next attempt. Raises `Unreachable` when the time is used up."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
        left = self._until - now
        if left <= 0 or trouble.retry_after > left:
            raise Unreachable(
                f"{trouble} Gave up after {self._seconds:g} s; `headrace doctor` looks for the cause."
            ) from trouble
        backoff = min(CAP_SECONDS, BASE_SECONDS * 2.0**self._attempts)
        pause = min(left, trouble.retry_after + self._jitter(0.0, backoff))
        self._attempts = min(self._attempts + 1, 20)
        self._on_wait(str(trouble), pause)
        await asyncio.sleep(pause)


def retry_after(header: str | None, now: float) -> float:
    """Seconds that a Retry-After header asks for: a number or an HTTP date; 0 when absent or unreadable."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - now
        except ValueError:
            return 0.0
    return seconds if seconds > 0 else 0.0
