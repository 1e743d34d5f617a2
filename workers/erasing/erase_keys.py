"""Erasing keys: what the streams' servers remember of an event besides its frame, and their files."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from typing import Any, cast

import msgspec
from redis.exceptions import ResponseError

from ingest_api.rules.normalise import digests
from ingest_api.servers import routing
from ingest_api.stream import Install, Redis, Shard
from workers.kept import halves
from workers.verdict import Verdict

_AT_ONCE = 100
_PAUSE = 0.2

Alive = Callable[[], Awaitable[None]]


async def forget(redis: Redis, install: Install, ids: Sequence[tuple[str, bytes]], alive: Alive) -> int:
    """Let the index and the receipts forget these events: project and id. Returns how many keys of theirs went."""
    seconds, _ = await cast("Any", redis).time()
    bucket = seconds * 1000 // install.window_ms
    gone = 0
    for first in range(0, len(ids), _AT_ONCE):
        await alive()
        some = ids[first : first + _AT_ONCE]
        async with cast("Any", redis).pipeline(transaction=False) as pipe:
            for one in some:
                for known in digests(*one):
                    for shard, number in product(install.keyed_shards(known[0]), (bucket - 1, bucket, bucket + 1)):
                        pipe.hdel(f"{shard.index}:{number}", *known)
            for shard in install.shards:
                pipe.hdel(shard.rejected, *(event_id.hex() for _, event_id in some))
            gone += sum(await pipe.execute())
    return gone


async def forget_verdicts(redis: Redis, install: Install) -> None:
    """A verdict quotes what it set aside, until there is another. Of a batch that is committed nobody needs it."""
    for shard in install.shards:
        await _forget_verdict(redis, shard)


async def _forget_verdict(redis: Redis, shard: Shard) -> None:
    async def attempt(pipe: Any) -> None:
        raw, floor = await pipe.get(shard.verdict), await pipe.get(shard.floor)
        pipe.multi()
        if raw and floor and halves(_last(raw)) <= halves(floor):
            pipe.delete(shard.verdict)

    await cast("Any", redis).transaction(attempt, shard.verdict)


def _last(raw: bytes) -> bytes:
    return msgspec.json.decode(raw, type=Verdict).span.split(":")[1].encode()


async def rewrite_files(redis: Redis, alive: Alive) -> list[str]:
    """Have every server write its files anew, and wait until it did. Returns what was refused, for people."""
    return [note for server in await routing.servers(redis) for note in await _rewrite_files(server, alive)]


async def _rewrite_files(redis: Redis, alive: Alive) -> list[str]:
    refused = []
    for command, last in (("BGREWRITEAOF", "aof_last_bgrewrite_status"), ("BGSAVE", "rdb_last_bgsave_status")):
        if not await _writes(redis, command):
            continue
        try:
            told = (await _rewrite(redis, command, alive))[last]
        except ResponseError as error:
            told = str(error)
        if told != "ok":
            refused.append(f"Redis did not rewrite its files, which may still hold what was erased: {command}: {told}")
    return refused


async def _rewrite(redis: Redis, command: str, alive: Alive) -> Any:
    """To its end. Returns what Redis says of its files."""
    while True:
        await _idle(redis, alive)  # one that runs already began before
        try:
            await cast("Any", redis).execute_command(command)
        except ResponseError as error:
            if "in progress" not in str(error):
                raise
        else:
            return await _idle(redis, alive)


async def _idle(redis: Redis, alive: Alive) -> Any:
    """Wait until Redis writes no file. Returns what it says of its files."""
    names = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while True:
        await alive()
        status = await cast("Any", redis).info("persistence")
        if not any(status.get(name) for name in names):
            return status
        await asyncio.sleep(_PAUSE)


async def _writes(redis: Redis, command: str) -> bool:
    """Whether Redis keeps such a file."""
    if command == "BGREWRITEAOF":
        return bool((await cast("Any", redis).info("persistence")).get("aof_enabled"))
    try:
        return bool((await cast("Any", redis).config_get("save")).get("save"))
    except ResponseError:  # a managed one tells nothing, and does as it likes
        return False
