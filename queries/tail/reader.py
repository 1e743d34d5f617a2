"""Reader: somebody who follows a feed, his place in it, and the little that waits for him. Knows no HTTP."""

import asyncio
from collections import deque

from queries.questions.filters import Filter
from queries.questions.recent import Cursor

#: handed out at once, about
_PIECE_BYTES = 64 * 1024


class Reader:
    """What is given to him and not taken yet is bounded: whoever takes too slowly is dropped.

    `most`: bytes that wait for him; a single larger event is taken all the same.
    """

    def __init__(self, cursor: Cursor, wish: Filter, most: int) -> None:
        #: behind all that he was given, or does not want
        self.cursor = cursor
        self.wish = wish
        self.dropped = False
        self._most = most
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._ends = False
        self._news = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Whether everything that was given is taken."""
        return not self._waiting

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more. What was given before can still be taken."""
        return self._ends

    def give(self, event: bytes, cursor: Cursor) -> bool:
        """Give an event. False when too much waits already: then he gets nothing more, and not what waited."""
        if self._ends or (self._bytes and self._bytes + len(event) > self._most):
            return False
        self._waiting.append(event)
        self._bytes += len(event)
        self.cursor = cursor
        self._news.set()
        return True

    def drop(self, word: bytes) -> None:
        """He took too slowly: forget what waits, and say so."""
        self.dropped = True
        self._waiting.clear()
        self._waiting.append(word)
        self.end()

    def end(self) -> None:
        """Nothing more comes."""
        self._ends = True
        self._news.set()

    def wake(self) -> None:
        """Let him look where he stands."""
        self._news.set()

    async def news(self, seconds: float) -> bool:
        """Wait for something to take, for the end, or to be woken; False after so many seconds without."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        if not self._ends:
            self._news.clear()
        return True

    def take(self) -> bytes:
        """Some of what waits, the oldest first; nothing when nothing does."""
        taken = bytearray()
        while self._waiting and len(taken) < _PIECE_BYTES:
            taken += self._waiting.popleft()
        self._bytes -= min(len(taken), self._bytes)
        return bytes(taken)
