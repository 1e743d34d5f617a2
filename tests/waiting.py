"""Waiting for a condition, never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[T]], *, within: float = 60.0) -> T:
    """Ask until the answer is true, and return it. Raises `TimeoutError` with the last answer."""
    deadline = time.monotonic() + within
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {answer!r} after {within:g} s")
        await asyncio.sleep(0.02)
    return answer
