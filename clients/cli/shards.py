"""`headrace shards`: how many shards there are, and how there come to be more while everything goes on."""

import asyncio
import math
from typing import Annotated, Any

from cyclopts import Parameter
from redis.exceptions import RedisError

from clients.cli.consent import confirm
from clients.cli.errors import Exit, No, Unreachable
from clients.cli.installation import opened
from clients.cli.output import Invocation
from ingest_api import moment, raising
from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis, read_install

Cli = Annotated[Invocation, Parameter(parse=False)]
Flag = Annotated[bool, Parameter(negative=())]

#: workers look for shards that nobody holds every second
_TAKEN_SECONDS, _PAUSE = 15.0, 0.2


async def show_shards(*, cli: Cli) -> Exit:
    """Show how many shards there are, and whether keys are still looked up in those of before.

    headrace shards
    """
    async with opened(cli) as redis:
        install = await read_install(redis)
    cli.output.answer(_document(install), *_lines(install))
    return Exit.OK


async def raise_shards(count: int, /, *, drop_old_functions: Flag = False, yes: Flag = False, cli: Cli) -> Exit:
    """Raise the number of shards of an installation, while events come in. May be interrupted and repeated.

    headrace shards raise 16
    headrace shards raise 16 --yes

    Front doors and workers that run need no restart. It cannot be undone.

    Parameters
    ----------
    count
        How many there are to be, 256 at most.
    drop_old_functions
        After an upgrade: no process runs any more of a version that cannot raise. One that is forgotten gets errors.
    yes
        Do not ask.
    """
    async with opened(cli) as redis:
        install = await read_install(redis)
        if (install.shard_count, install.count_next) != (count, 0):
            await _prepare(redis, install, count, drop_old_functions=drop_old_functions)
            if not yes:
                confirm(f"{_plan(install, count)} Raise it?", "Nothing was changed.")
            await _raise(cli, redis, install, count)
        install = await read_install(redis)
        left = await _unowned(redis, install)
    free = f"No worker holds shard {', '.join(map(str, left))} yet: see headrace top." if left else ""
    cli.output.answer({**_document(install), "unowned": left}, *_lines(install), *filter(None, [free]))
    return Exit.NO if left else Exit.OK


async def _prepare(redis: Redis, install: Install, count: int, *, drop_old_functions: bool) -> None:
    """Everything that may stand in the way. Raises `No`."""
    try:
        raising.check(install, count)
    except raising.Refused as refused:
        raise No(str(refused)) from refused
    if not drop_old_functions and await raising.older(redis):
        raise No(
            f"Redis holds functions of an older version ({raising.OLDER}): a process of that version would not notice "
            f"the raise. End them all, then: headrace shards raise {count} --drop-old-functions"
        )


async def _raise(cli: Invocation, redis: Redis, install: Install, count: int) -> None:
    try:
        await raising.end_older(redis)
        async for done in raising.steps(redis, install, count):
            cli.output.note(f"{done} ...")
    except raising.Refused as refused:
        raise No(str(refused)) from refused
    except (RedisError, OSError) as error:
        raise Unreachable(
            f"Redis: {error}. Type the same command again when it is well: what was done stays."
        ) from error


def _plan(install: Install, count: int) -> str:
    now, hours = install.shard_count, 2 * install.window_ms / 3_600_000
    around = math.lcm(now, count)
    moved = sum(number % now != number % count for number in range(around)) / around
    return (
        f"There are {now} shards; there will be {count}. Front doors and workers that run learn it by themselves. For "
        f"the next {hours:g} hours {moved:.0%} of the events with a key take a second question to Redis, and the "
        "number cannot be raised again. It can never be lowered."
    )


async def _unowned(redis: Redis, install: Install) -> list[int]:
    """The shards that no worker took in time; none where no worker runs at all."""
    until = asyncio.get_running_loop().time() + _TAKEN_SECONDS
    while True:
        owners = {one.shard: one.owner for one in await read_progress(redis, install)}
        left = [shard for shard, owner in owners.items() if not owner]
        if not left or len(left) == len(owners) or asyncio.get_running_loop().time() > until:
            return left if len(left) < len(owners) else []
        await asyncio.sleep(_PAUSE)


def _document(install: Install) -> dict[str, Any]:
    return {
        "shards": install.shard_count,
        "before": install.count_before or None,
        "before_until": moment.text(install.before_until) if install.count_before else None,
        "coming": install.count_next or None,
    }


def _lines(install: Install) -> list[str]:
    lines = [f"{install.shard_count} shards."]
    if install.count_before:
        lines.append(
            f"Keys that were sent before the last raise are looked up in the {install.count_before} shards of then, "
            f"until {moment.text(install.before_until)}. From then on the number can be raised again."
        )
    if install.count_next:
        lines.append(
            f"A raise to {install.count_next} is under way. Finish it: headrace shards raise {install.count_next}"
        )
    return lines
