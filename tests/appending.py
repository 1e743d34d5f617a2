"""Events put into the streams as the front door does it."""

import asyncio
from collections.abc import Sequence

from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.normalise import Stamped
from ingest_api.stream import Install, connect


async def append(redis_url: str, install: Install, entries: Sequence[Stamped], each: int = 1000) -> list[Verdict]:
    """Append events, `each` at a time. Returns what became of them, in order."""
    redis = connect(redis_url, timeout=None)
    appender = Appender(redis, install, max_pending_bytes=64 * 1024 * 1024)
    running = asyncio.ensure_future(appender.run())
    try:
        verdicts: list[Verdict] = []
        for first in range(0, len(entries), each):
            verdicts += await appender.append(entries[first : first + each])
        return verdicts
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()


async def append_together(redis_url: str, install: Install, requests: Sequence[Sequence[Stamped]]) -> None:
    """Append requests that arrive in the same moment: those of one shard share a frame."""
    redis = connect(redis_url, timeout=None)
    appender = Appender(redis, install, max_pending_bytes=64 * 1024 * 1024)
    running = asyncio.ensure_future(appender.run())
    try:
        await asyncio.gather(*(appender.append(request) for request in requests))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()
