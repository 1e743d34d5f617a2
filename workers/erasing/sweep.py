"""The sweep: what came late and was dropped goes out of the streams and the index, too, soon after it was committed."""

from typing import Any, cast

from ingest_api.progress import read_progress
from ingest_api.projects import tombstones
from ingest_api.projects.secret import secret
from ingest_api.stream import Install, Redis
from workers.erasing import erase_keys
from workers.erasing.erase_keys import Alive
from workers.erasing.mend import Mending
from workers.forgotten import forgotten

#: hash: shard -> how many events it had dropped when it was swept
SWEPT = "headrace:erasures:swept"


async def sweep(redis: Redis, install: Install, alive: Alive) -> int:
    """Sweep the shards that dropped something since. Returns how many events were found in their streams."""
    swept = {int(shard): int(count) for shard, count in (await cast("Any", redis).hgetall(SWEPT)).items()}
    dropped = {one.shard: one.counters.get("erased", 0) for one in await read_progress(redis, install)}
    due = {shard: count for shard, count in dropped.items() if count != swept.get(shard, 0)}
    if not due:
        return 0
    mending = Mending(forgotten(await tombstones.read(redis), await secret(redis)))
    found = 0
    for number, count in due.items():
        shard = install.shards[number]
        async for ids in mending.ids(redis, shard):
            await erase_keys.forget(redis, install, ids, alive)
        async for events in mending.mend(redis, shard):
            await alive()
            found += events
        await cast("Any", redis).hset(SWEPT, number, count)
    return found
