"""Reading: something that is looked up once for all who ask at about the same time, and never all the time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

#: whoever asks waits this long for what nobody has seen yet, seconds
PATIENCE = 2.5
#: of the time one reading takes no more than this share
SHARE = 0.05
#: what failed is tried again so soon, seconds
AGAIN = 5.0


class Reading(Generic[T]):
    """`read` runs when somebody asks and the last time is `seconds` ago, or longer where it takes long by `clock`."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._task: asyncio.Future[None] | None = None
        self._began_at = self._tried_at = self._due_at = self._read_at = float("-inf")
        self._value: T | None = None
        #: why the last time brought nothing; empty when it did
        self.problem = ""

    @property
    def busy(self) -> bool:
        """Whether it is being read."""
        return self._task is not None

    async def value(self, within: float = float("inf")) -> T | None:
        """What was read last, if not longer ago than this many seconds. Waits only where that is long ago."""
        now = time.monotonic()
        if self._task is None and now >= self._due_at:
            self._began_at = now
            self._task = asyncio.ensure_future(self._run())
        left = self._began_at + PATIENCE - now
        if self._task is not None and left > 0 and now - self._tried_at > 2 * self._seconds:
            await asyncio.wait([self._task], timeout=left)
        return self._value if time.monotonic() - self._read_at <= within else None

    async def close(self) -> None:
        """End what runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause, started = self._seconds, self._clock()
        try:
            self._value, self.problem = await self._read(), ""
            self._read_at = time.monotonic()
            pause = max(pause, (self._clock() - started) / SHARE)
        except Exception as why:
            if not self.problem:  # once for a row of failures
                log.warning("cannot look", extra={"action": "pipeline", "why": str(why)})
            self.problem = (str(why) or type(why).__name__).splitlines()[0][:200]
            pause = min(pause, AGAIN)
        finally:
            self._tried_at = time.monotonic()
            self._due_at = self._tried_at + pause
            self._task = None
