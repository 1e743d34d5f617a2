"""Experiments in which shards lie on several servers, behind Sentinel or on a cluster, and one of these is lost."""

import functools
from collections.abc import Collection

import aiohttp

from ingest_api.progress import read_answering
from ingest_api.servers import routing
from ingest_api.servers.cluster import slot
from ingest_api.servers.primary import Redis
from ingest_api.stream import read_install
from tests.faults.actor import Actor
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.topologies import Nodes, Primaries, Servers, Watched
from tests.waiting import until

#: from the loss of a server until its shards take events again
RECOVERED_SECONDS = 15.0
_SHARDS = {"HEADRACE_SHARDS": "6"}
_AT_REPLICA = {**_SHARDS, "HEADRACE_DURABILITY": "replica"}


async def primary_killed(play: Play) -> None:
    """SIGKILL of one of two servers with shards; events go to the other and are stored; then it is started again."""
    servers, redis = _servers(play), play.stage.client
    lost, others = await _apart(redis, 0)
    victim = servers.actor(lost)
    await victim.kill()
    await _go_on(play, redis, others)
    await victim.start()
    await _all_take(play)
    await redis.aclose()


async def primary_behind_sentinel_killed(play: Play) -> None:
    """SIGKILL of the primary that Sentinel watches: a replica takes its place, by itself, within fifteen seconds."""
    victim = await _primary(play)
    await victim.kill()
    await _all_take(play)
    successor = await _primary(play)
    play.notes.append(f"{victim.name} was replaced by {successor.name}")
    assert successor is not victim


async def node_killed_and_shard_moved(play: Play) -> None:
    """A shard's slot is moved to another primary of a cluster; then SIGKILL of that one, whose replica takes over."""
    servers, redis = _servers(play), play.stage.client
    assert isinstance(servers, Nodes)
    before = await routing.at(redis, 0)
    target = next(one for one in await routing.holders(redis) if one is not before)
    await play.recorder.acknowledge(100)
    await servers.migrate(slot(0), target)
    await _all_take(play)
    await routing.learn(redis)
    lost, others = await _apart(redis, 0)
    assert lost is target
    victim, replaced = servers.actor(lost), functools.partial(_replaced, servers, lost)
    await victim.kill()
    await _go_on(play, redis, others)
    await until(replaced, within=RECOVERED_SECONDS)
    await victim.start()  # as a supervisor does; it comes back as a replica, which the level asks for
    await _all_take(play)
    await until(servers.whole)
    await redis.aclose()


def _servers(play: Play) -> Servers:
    assert play.stage.shards is not None
    return play.stage.shards


async def _primary(play: Play) -> Actor:
    """Whom Sentinel calls the primary now."""
    async with play.stage.client as redis:
        named = await routing.at(redis, 0)
        await named.ping()
        return _servers(play).actor(named)


async def _apart(redis: Redis, shard: int) -> tuple[Redis, set[int]]:
    """The server of a shard, and the shards that lie on others."""
    mine, install = await routing.at(redis, shard), await read_install(redis)
    return mine, {one.number for one in install.shards if await routing.at(redis, one.number) is not mine}


async def _go_on(play: Play, redis: Redis, others: Collection[int]) -> None:
    """While a server is away, unkeyed events are taken all the same, and workers commit those of other servers."""
    install = await read_install(redis)

    async def batches() -> int:
        there = await read_answering(redis, install)
        return sum(one.counters.get("batches", 0) for one in there if one.shard in others)

    before, taken = await batches(), 0

    async def goes_on() -> bool:
        nonlocal taken
        taken += await _post(play, 1, keyed=False)
        return taken >= 50 and await batches() > before + 3

    await until(goes_on, within=RECOVERED_SECONDS)
    play.notes.append(f"{taken} taken by the others meanwhile")


async def _all_take(play: Play) -> None:
    """Keyed events, which go to every shard, are all taken again in time."""
    await until(lambda: _post(play, 60, keyed=True), within=RECOVERED_SECONDS)


async def _post(play: Play, count: int, *, keyed: bool) -> bool:
    """Send once. What is not taken is sent by nobody again."""
    recorder = play.recorder
    events = [recorder.make(keyed=keyed) for _ in range(count)]
    async with aiohttp.ClientSession(recorder.url, timeout=aiohttp.ClientTimeout(total=8)) as client:
        return await recorder.post(client, events) == "200"


async def _replaced(servers: Nodes, lost: Redis) -> bool:
    """Whether the nodes agree that another one has taken the place of the one that was killed."""
    port = int(routing.name(lost).rpartition(":")[2])
    return all([port != await servers.owner(slot(0), asked) for asked in servers.ports if asked != port])


EXPERIMENTS = (
    Experiment(
        "one of several primaries killed",
        primary_killed,
        f"others go on, its shards take events again when it is back; {ONCE}",
        env=_SHARDS,
        shards=Primaries,
    ),
    Experiment(
        "primary behind Sentinel killed",
        primary_behind_sentinel_killed,
        f"taken again within 15 s; {ONCE}",
        env=_AT_REPLICA,
        shards=Watched,
    ),
    Experiment(
        "cluster: shard moved, node killed",
        node_killed_and_shard_moved,
        f"others go on, taken again within 15 s; {ONCE}",
        env=_AT_REPLICA,
        shards=Nodes,
        quick=True,
    ),
)
