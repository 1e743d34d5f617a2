"""A turnstile: large bodies pass it one after the other, some in each turn of the event loop.

Without it all that are here are read in one turn, 40 ms of 64 batches of 100 events, in which nothing is sent, and then
nothing is left to read while Redis writes: door and Redis work by turns instead of at once, and whoever sends one event
meanwhile waits for all of them.
"""

import asyncio
from collections import deque

#: bytes from which a body counts as large; a smaller one waits for nobody
LARGE = 8 * 1024
#: bytes that begin to be read in one turn: some 4 ms, so that frames stay large and an answer is not late
PER_TURN = 256 * 1024


class Turnstile:
    """One per process. Whoever waits passes in the order of coming."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._left = PER_TURN
        self._turning = False

    async def passed(self, size: int) -> None:
        """Return when it is the turn of a body of so many bytes."""
        if self._left > 0:  # nobody waits then
            self._take(size)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, size))
        await future

    def _take(self, size: int) -> None:
        self._left -= size
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._left, self._turning = PER_TURN, False
        while self._waiting and self._left > 0:
            future, size = self._waiting.popleft()
            if not future.done():  # its client may have hung up
                self._take(size)
                future.set_result(None)
