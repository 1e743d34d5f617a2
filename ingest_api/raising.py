"""Raising the number of shards, step by step, while front doors and workers go on. Nothing is moved.

The shards to come are made ready. Then every shard that is there refuses what was placed by the number up to now, and
at last the installation has the new number: a front door that was refused reads it and places its events again. Each
step may be made again, by anybody: killed anywhere, the raise goes on where it is typed again or where a front door
meets a fence. What shards knew of keys stays where it is, and is asked for there as long as it is remembered.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from redis.exceptions import RedisError

from ingest_api import durability, fault, moment
from ingest_api.durability import SEAL_SECONDS, Command, Level, NotDurable
from ingest_api.servers import routing
from ingest_api.stream import (
    INSTALL,
    LIBRARY,
    MAX_SHARDS,
    Install,
    Redis,
    Shard,
    fcall,
    load_functions,
    make_groups,
    read_install,
)

#: pause between two looks at a raise that somebody is about to finish, and for how long it is left to him
_PAUSE_SECONDS, _PATIENCE_SECONDS = 0.01, 0.25
#: functions of builds that know no fence: they would append to a shard that is fenced
OLDER = "headrace_v2"
#: Takes their names, so that no process can bring them back. Other functions of theirs are gone: their workers end.
_ENDED = f"""#!lua name={OLDER}_ended
local function ended()
  return redis.error_reply('ENDED the shards were raised: start a version of Headrace that knows how many there are')
end
redis.register_function('{OLDER}_append', ended)
redis.register_function('{OLDER}_restore', ended)
"""


class Refused(RuntimeError):
    """The number cannot be raised so, or not now; the text says why and what to do."""


def check(install: Install, count: int) -> None:
    """Raises `Refused` when the number of shards cannot become `count` now."""
    now, coming = install.shard_count, install.count_next
    if coming and coming != count:
        raise Refused(f"It is being raised to {coming}. Finish that first: headrace shards raise {coming}")
    if not now < count <= MAX_SHARDS:
        raise Refused(
            f"There are {now} shards. They can be raised to {MAX_SHARDS} at most; fewer they cannot become, for what "
            "waits in a shard must be stored from there."
        )
    if install.count_before and not coming:
        raise Refused(
            f"Keys that were sent before the last raise are still looked up in the {install.count_before} shards of "
            f"then, until {moment.text(install.before_until)}. The next raise is possible from then on."
        )


async def older(redis: Redis) -> bool:
    """Whether processes of an older build may run that would not heed a fence: their functions are loaded."""
    return any([await cast("Any", one).function_list(OLDER) for one in await routing.servers(redis)])


async def end_older(redis: Redis) -> None:
    """Take the functions of older builds away. Processes of these get errors from then on, and cannot start."""
    for one in await routing.servers(redis):
        async with cast("Any", one).pipeline(transaction=True) as pipe:
            if await cast("Any", one).function_list(OLDER):
                pipe.function_delete(OLDER)
            pipe.function_load(_ENDED, replace=True)
            await pipe.execute()


async def steps(redis: Redis, install: Install, count: int) -> AsyncIterator[str]:
    """Raise the number of shards of the installation as it was read to `count`. Yields what was done, for people.

    Raises `Refused` when it was raised otherwise meanwhile, `NotDurable` and redis-py's errors: make the steps again.
    """
    now, coming = await fcall(redis, "begin", [INSTALL], install.shard_count, count)
    if now == count:
        return
    if (now, coming) != (install.shard_count, count):
        raise Refused("Somebody else raises the number of shards in this moment. Look again: headrace shards")
    fault.point("raise.begun")
    yield f"{count} are to come"
    await load_functions(redis)
    await make_groups(redis, [Shard(number) for number in range(now, count)])
    fault.point("raise.ready")
    yield "the new shards are ready"
    await _fence(redis, install, count)
    fault.point("raise.fenced")
    yield "front doors learn it"
    await fcall(redis, "switch", [INSTALL], now, count)
    await _seal(redis, durability.PROBE, install.durability)
    fault.point("raise.switched")
    yield f"there are {count}"


async def awaited(redis: Redis, count: int) -> Install:
    """The installation, once it has so many shards at the least: a fence says that it will. Until then it never ends.

    Whoever raises the number needs some milliseconds from fence to switch. Was he killed, the steps are made here.
    """
    loop = asyncio.get_running_loop()
    patient_until = loop.time() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(RedisError, OSError, Refused):  # asked again in a moment
            install = await read_install(redis)
            if install.shard_count >= count:
                return install
            if loop.time() > patient_until:
                async for _ in steps(redis, install, install.count_next or count):
                    pass
                continue
        await asyncio.sleep(_PAUSE_SECONDS)


async def _fence(redis: Redis, install: Install, count: int) -> None:
    """All at once: from the first on, events of a shard that is fenced wait until the last is."""
    async with redis.pipeline(transaction=False) as pipe:
        for shard in install.shards:
            pipe.execute_command("FCALL", f"{LIBRARY}_fence", 1, shard.fence, count)
        await pipe.execute()
    await asyncio.gather(*(_seal(redis, shard.seal, install.durability) for shard in install.shards))


async def _seal(redis: Redis, key: str, level: Level) -> None:
    """Return when what the key's server has written up to now is as safe as the level promises. Raises `NotDurable`."""
    if level is not Level.REPLICA:
        return
    server = await routing.holding(redis, key)
    async with server.client() as one:

        async def ask(commands: Sequence[Command]) -> list[Any]:
            return [await cast("Any", one).execute_command(*command) for command in commands]

        await ask([("SET", key, 1, "PX", 60_000)])  # WAITAOF vouches for a connection's own last write
        if missing := await durability.sealed(ask, level, SEAL_SECONDS):
            raise NotDurable(missing)
