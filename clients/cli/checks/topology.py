"""On which servers does Redis lie, does each answer for itself, and does a failover keep what was promised?"""

import asyncio
import functools
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

from redis.exceptions import RedisError

from clients.cli.checkup import Finding, Look, Probe, State, fail, ok, warn
from ingest_api import stream
from ingest_api.durability import Level
from ingest_api.servers import layout, routing
from ingest_api.stream import Redis

#: the worst of several first
_ORDER = (State.FAIL, State.WARN, State.SKIPPED, State.OK)
_COVERAGE = "cluster-require-full-coverage"


def everywhere(look: Callable[[Redis], Awaitable[Finding]]) -> Look:
    """A look at one server as a look at all: what is found of those that are worst, with their names."""

    @functools.wraps(look)
    async def at_all(probe: Probe) -> Finding:
        servers = await routing.servers(probe.redis())
        if len(servers) == 1:
            return await look(servers[0])
        found = dict(zip(servers, await asyncio.gather(*map(_careful(look), servers)), strict=True))
        worst = min((one.state for one in found.values()), key=_ORDER.index)
        named = {routing.name(one): it for one, it in found.items() if it.state is worst}
        if len({it.found for it in named.values()}) == 1 and len(named) == len(servers):
            return next(iter(named.values()))
        told = "; ".join(f"{name}: {it.found}" for name, it in named.items())
        return Finding(worst, told, " ".join(dict.fromkeys(it.remedy for it in named.values() if it.remedy)))

    return at_all


def _careful(look: Callable[[Redis], Awaitable[Finding]]) -> Callable[[Redis], Awaitable[Finding]]:
    async def one(redis: Redis) -> Finding:
        try:
            return await look(redis)
        except (RedisError, OSError) as error:
            return fail(str(error), "Start it, or correct HEADRACE_REDIS_URL.")

    return one


async def shards(probe: Probe) -> Finding:
    """Where the shards lie, and whether that is where they were when the installation was made."""
    redis = probe.redis()
    install = await stream.read_install(redis)
    if wrong := layout.disagreement(redis, await stream.servers_of(redis)) or await layout.misplaced(redis):
        return fail("not where they were", wrong)
    lie = Counter([routing.name(await routing.at(redis, one.number)) for one in install.shards])
    where = ", ".join(f"{number} on {name}" for name, number in sorted(lie.items()))
    failing_over = [routing.name(one) for one in await routing.servers(redis) if routing.fails_over(redis, one)]
    if failing_over and install.durability is not Level.REPLICA:
        return warn(
            f"{where}; at durability {install.durability}",
            f"A replica that takes the place of {', '.join(failing_over)} may lack the last events that were "
            "acknowledged: headrace durability replica.",
        )
    if routing.kind(redis) == "cluster":
        return await _coverage(redis, where)
    return ok(where)


async def _coverage(redis: Redis, where: str) -> Finding:
    for one in await routing.holders(redis):
        told = await cast("Any", one).config_get(_COVERAGE)
        if told.get(_COVERAGE) != "no":
            return warn(
                f"{where}; {_COVERAGE} yes on {routing.name(one)}",
                f"While one node is away the others refuse events too: CONFIG SET {_COVERAGE} no, on each.",
            )
    return ok(where)
