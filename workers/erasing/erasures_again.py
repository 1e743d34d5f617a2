"""Erasures again: what was erased before a backup was made, or while it was, is looked for in what was restored."""

from typing import Any, cast

import msgspec

from ingest_api.projects import erasures
from ingest_api.projects.erasures import CHECK_STEPS, ERASURES, OPEN, STEPS, Erasure
from ingest_api.stream import Redis


async def again(redis: Redis) -> int:
    """Open every erasure: one that was done for another check, one that was not from its beginning. How many."""
    number = 0
    for raw in await cast("Any", redis).hvals(ERASURES):
        one = msgspec.json.decode(raw, type=Erasure)
        if one.dry_run:
            continue
        one.step, one.problem, one.upto = (CHECK_STEPS if one.done_at else STEPS)[0], "", {}
        one.found = {}
        await erasures.save(redis, one)
        await cast("Any", redis).sadd(OPEN, one.id)
        number += 1
    return number
