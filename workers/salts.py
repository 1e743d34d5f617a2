"""Salts: a random one for each UTC day, which makes the ids of visitors. What was destroyed is never made again."""

import importlib.resources
import logging
import secrets
from collections.abc import Iterable
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis

log = logging.getLogger(__name__)

#: hash: Unix day -> salt; `destroyed_through`, the last day that has none any more; `rewrite_owed` to the server's file
SALTS = "headrace:salts"
#: counts up when salts are destroyed
VERSION = "headrace:salts:version"
DAY_MS = 86_400_000
#: clocks of front doors may differ from Redis's by this, and an append may take so long
MARGIN_MS = 3_600_000
_BYTES = 32
_THROUGH, _OWED = b"destroyed_through", b"rewrite_owed"
_MAKE = (importlib.resources.files("workers") / "salts.lua").read_text()


def days(entry_ids: Iterable[str]) -> set[int]:
    """The Unix days on which the events of these entries may have been received."""
    appended = {int(entry_id.partition("-")[0]) for entry_id in entry_ids}
    return {(ms + shift) // DAY_MS for ms in appended for shift in (-MARGIN_MS, 0, MARGIN_MS)}


async def needed(redis: Redis, wanted: Iterable[int]) -> dict[int, bytes]:
    """The salts of these days, made where there is none yet; a day whose salt was destroyed is missing.

    Whoever comes first makes it, so all workers have the same. Raises redis-py's errors.
    """
    some = sorted(wanted)
    if not some:
        return {}
    found = await cast("Any", redis).hmget(SALTS, some)
    if None in found:
        pairs = [part for day in some for part in (day, secrets.token_bytes(_BYTES))]
        found = await cast("Any", redis).eval(_MAKE, 1, SALTS, *pairs)
    return {day: salt for day, salt in zip(some, found, strict=True) if salt is not None}


async def destroy(redis: Redis, install: Install, keep_minutes: int) -> int:
    """Destroy the salts of the days that are over, of whose events all are stored and none is kept in the streams.

    The append-only file is rewritten without them. Returns how many salts went.
    """
    progress = await read_progress(redis, install)
    settled = min(shard.fresh_through for shard in progress) - keep_minutes * 60_000 - MARGIN_MS
    through = settled // DAY_MS - 1
    stored = await cast("Any", redis).hgetall(SALTS)
    gone = [day for day in stored if day not in {_THROUGH, _OWED} and int(day) <= through]
    if int(stored.get(_THROUGH, -1)) < through:
        async with cast("Any", redis).pipeline(transaction=True) as pipe:
            pipe.hset(SALTS, _THROUGH, through)
            if gone:
                pipe.hset(SALTS, _OWED, 1).hdel(SALTS, *gone).incr(VERSION)
            await pipe.execute()
    if gone or _OWED in stored:
        await _rewrite(redis)
    return len(gone)


async def _rewrite(redis: Redis) -> None:
    """Until then a salt stands in the append-only file, in the command that wrote it. Asked again until it is taken."""
    try:
        await cast("Any", redis).bgrewriteaof()
        await cast("Any", redis).hdel(SALTS, _OWED)
    except RedisError as error:
        told = {"action": "salts", "why": str(error)}
        log.warning("the append-only file still holds a destroyed salt until it is rewritten", extra=told)
