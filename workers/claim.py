"""Claim: one worker at a time does one thing, and what it found out counts only while the claim is still its own."""

import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.exceptions import WatchError

from ingest_api.stream import Redis

log = logging.getLogger(__name__)


class Claim:
    """Whose token stands in the key."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis = cast("Any", redis)
        self.key = key
        self.token = secrets.token_bytes(8)

    async def commit(self, write: Callable[[Any], object]) -> bool:
        """Let `write` fill a transaction, and end the claim with it. False, and nothing written, when it was lost."""
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(self.key)
            if await pipe.get(self.key) != self.token:
                return False
            pipe.multi()
            write(pipe)
            pipe.delete(self.key)
            try:
                await pipe.execute()
            except WatchError:
                return False
        return True


@asynccontextmanager
async def claimed(redis: Redis, key: str, seconds: int) -> AsyncIterator[Claim | None]:
    """The claim, or None when somebody else has it. It ends with the context, or after so many seconds."""
    claim = Claim(redis, key)
    if not await cast("Any", redis).set(key, claim.token, nx=True, ex=seconds):
        yield None
        return
    try:
        yield claim
    finally:
        await claim.commit(lambda _pipe: None)


def done(ended: bool | BaseException) -> bool:
    """Whether one of several was done. One that failed keeps the others from nothing, and its time comes again."""
    if isinstance(ended, BaseException):
        log.error("one of several failed", exc_info=ended, extra={"action": "claim"})
        return False
    return ended
