"""Turns: the drains of a process prepare their rows one after the other, so that one inserts while the next prepares.

Python runs one thread at a time anyway. Left to themselves all drains prepare together, then all insert together, and
neither this process nor ClickHouse is ever busy for more than half of the time (docs/performance.md).
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """One per process."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread, when those who came before are done."""
        async with self._lock:
            return await asyncio.to_thread(work, *args, **kwargs)
