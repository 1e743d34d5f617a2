"""Gate: how many questions may run at a time, in all and of each project. The rest wait shortly, in order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from queries import telemetry
from queries.errors import Refused

_BUSY = "Too many questions are being answered now. Ask again in a moment."


class Gate:
    """Of one process. A project takes half of the places at most, so that others always get an answer.

    `patience`: seconds that a question waits for its place.
    """

    def __init__(self, places: int, patience: float = 5.0) -> None:
        self._patience = patience
        self._all = asyncio.Semaphore(places)
        self._of_each = max(1, places // 2)
        self._of: dict[str, asyncio.Semaphore] = {}
        #: questions of each project, those that wait among them
        self._here: Counter[str] = Counter()

    @asynccontextmanager
    async def enter(self, project: str) -> AsyncIterator[None]:
        """Wait for a place, hold it. Raises `Refused` when none was free in time."""
        own = self._of.setdefault(project, asyncio.Semaphore(self._of_each))
        self._here[project] += 1
        try:
            async with AsyncExitStack() as places:
                try:
                    async with asyncio.timeout(self._patience):
                        await places.enter_async_context(own)
                        await places.enter_async_context(self._all)
                except TimeoutError as late:
                    telemetry.BUSY.inc()
                    raise Refused(429, _BUSY) from late
                yield
        finally:
            self._here[project] -= 1
            if not self._here[project]:
                del self._here[project], self._of[project]
