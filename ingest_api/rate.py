"""How fast a key may write: a token bucket in Redis, the same one for all processes."""

import importlib.resources
import time
from typing import Any, cast

import msgspec

from ingest_api.stream import Redis, fcall_of

LIBRARY = "headrace_rate_v1"
PREFIX = "headrace:rate:"
#: empty buckets that one process remembers
MAX_EMPTIED = 10_000

_SECOND = 1_000_000  # times inside are microseconds
_MINUTE = 60 * _SECOND


class Quota(msgspec.Struct, frozen=True):
    """What a bucket said."""

    allowed: bool
    #: events a minute
    limit: int
    #: events that could be sent right now
    remaining: int
    #: Unix seconds: when the bucket is full again
    reset_at: int
    #: seconds until the same request is worth sending again: 0 when allowed, else 1..60
    retry_after: int

    def headers(self) -> dict[str, str]:
        """The quota as response headers."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }
        return headers if self.allowed else headers | {"Retry-After": str(self.retry_after)}


class _Level(msgspec.Struct, frozen=True):
    """A bucket at one moment. `spent` is counted as in rate.lua: events * _MINUTE, less `rate` each microsecond."""

    rate: int
    spent: int
    #: Unix time of Redis
    at: int
    #: this process's own clock
    seen: int

    def lacking(self, count: int) -> int:
        """What must flow back before so many events fit; 0 or less when they fit now."""
        return self.spent + count * _MINUTE - self.rate * _MINUTE

    def now(self) -> "_Level":
        """The level by now if nobody spent since: it cannot be higher than this says."""
        seen = _clock()
        elapsed = seen - self.seen
        return _Level(self.rate, max(0, self.spent - elapsed * self.rate), self.at + elapsed, seen)

    def quota(self, count: int, *, allowed: bool) -> Quota:
        full_at = self.at + _up(self.spent, self.rate)
        wait = _up(self.lacking(count), self.rate * _SECOND) if count <= self.rate else 60
        return Quota(
            allowed,
            self.rate,
            remaining=self.rate - _up(self.spent, _MINUTE),
            reset_at=_up(full_at, _SECOND),
            retry_after=0 if allowed else wait,
        )


class Limiter:
    """Spends from buckets. A bucket of `rate` holds one minute's worth of events and refills all the time.

    A bucket that lacked events is remembered, so that a flood is refused without asking Redis each time: others can
    only have spent more since. `remembered` bounds how many.
    """

    def __init__(self, redis: Redis, *, remembered: int = MAX_EMPTIED) -> None:
        self._redis = redis
        self._remembered = remembered
        self._emptied: dict[str, _Level] = {}

    async def spend(self, bucket: str, rate: int, count: int) -> Quota:
        """Take `count` events, or none, from the bucket of `rate` (at least 1) events a minute.

        More than `rate` events never fit, and are told to wait 60 s. Another rate than last time counts from now on:
        what was spent stays spent.
        Raises redis-py's errors when Redis does not answer.
        """
        emptied = self._emptied.get(bucket)
        if emptied is not None and emptied.rate == rate:
            level = emptied.now()
            if level.spent and level.lacking(count) > 0:
                return level.quota(count, allowed=False)
        seen = _clock()  # before Redis looks at its own: so nothing is refused here that would fit there
        taken, spent, at = await self._ask(bucket, rate, count)
        level = _Level(rate, spent, at, seen)
        if not taken:
            self._remember(bucket, level)
        return level.quota(count, allowed=bool(taken))

    def _remember(self, bucket: str, level: _Level) -> None:
        if bucket not in self._emptied and len(self._emptied) >= self._remembered:
            self._emptied.clear()
        self._emptied[bucket] = level

    async def _ask(self, bucket: str, rate: int, count: int) -> tuple[int, int, int]:
        taken, spent, at = await fcall_of(_load, self._redis, f"{LIBRARY}_spend", [PREFIX + bucket], rate, count)
        return taken, spent, at


async def _load(redis: Redis) -> None:
    code = (importlib.resources.files("ingest_api") / "rate.lua").read_text()
    await cast("Any", redis).function_load(code, replace=True)  # redis-py 5 types each answer as "awaitable or not"


def _clock() -> int:
    return time.monotonic_ns() // 1000


def _up(value: int, by: int) -> int:
    """Division, rounded up."""
    return -(-value // by)
