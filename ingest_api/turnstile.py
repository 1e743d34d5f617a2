"""Turnstiles: requests that came together are read a few in each turn of the event loop.

Without them all that are here are read in one turn, 40 ms of 64 batches of 100 events, in which nothing is sent, and
then nothing is left to read while Redis writes: door and Redis work by turns instead of at once. Small bodies have a
turnstile of their own: one event does not wait for many batches.
"""

import asyncio
from collections import deque

#: bytes from which a body counts as large
LARGE = 8 * 1024
#: begun in one turn: bytes of large bodies, and small ones. Some 4 ms and 2 ms: frames stay large, no answer is late
LARGE_PER_TURN, SMALL_PER_TURN = 256 * 1024, 32


class Turnstile:
    """Whoever waits passes in the order of coming, so much weight in a turn."""

    def __init__(self, per_turn: int) -> None:
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._per_turn = self._left = per_turn
        self._turning = False

    def enter(self, weight: int) -> asyncio.Future[None] | None:
        """What to wait for; None for whoever passes at once."""
        if self._left > 0:  # nobody waits then
            self._take(weight)
            return None
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, weight))
        return future

    def _take(self, weight: int) -> None:
        self._left -= weight
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._left, self._turning = self._per_turn, False
        while self._waiting and self._left > 0:
            future, weight = self._waiting.popleft()
            if not future.done():  # its client may have hung up
                self._take(weight)
                future.set_result(None)


class Entrance:
    """Both. One per process."""

    def __init__(self) -> None:
        self._large, self._small = Turnstile(LARGE_PER_TURN), Turnstile(SMALL_PER_TURN)

    def enter(self, size: int) -> asyncio.Future[None] | None:
        """What a body of so many bytes waits for; None if it may be read at once."""
        return self._large.enter(size) if size >= LARGE else self._small.enter(1)
