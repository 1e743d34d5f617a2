"""Events put into the streams as the front door does it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import Install, connect
from tests.waiting import until


@contextlib.asynccontextmanager
async def appending(
    redis_url: str, install: Install, max_pending_bytes: int = 64 * 1024 * 1024
) -> AsyncIterator[Appender]:
    """An appender at work, which knows where the shards lie: a cluster has to be asked."""
    redis = connect(redis_url, timeout=None)
    appender = Appender(redis, install, max_pending_bytes)
    running = asyncio.ensure_future(appender.run())

    async def knows() -> bool:
        return bool(appender.sluices)

    try:
        await until(knows)
        yield appender
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()


async def append(redis_url: str, install: Install, entries: Sequence[Stamped], each: int = 1000) -> list[Verdict]:
    """Append events, `each` at a time. Returns what became of them, in order."""
    async with appending(redis_url, install) as appender:
        verdicts: list[Verdict] = []
        for first in range(0, len(entries), each):
            verdicts += await appender.append(entries[first : first + each])
        return verdicts


async def append_together(redis_url: str, install: Install, requests: Sequence[Sequence[Stamped]]) -> None:
    """Append requests that arrive in the same moment: those of one shard share a frame."""
    async with appending(redis_url, install) as appender:
        await asyncio.gather(*(appender.append(request) for request in requests))
