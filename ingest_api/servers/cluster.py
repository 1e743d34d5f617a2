"""A cluster: which of its primaries holds which shard, as its nodes say. The client of each is an ordinary one.

redis-py's own cluster client sends a command again whose answer was lost, and remembers only the nodes that it saw
last; of it we take the slots and the errors.
"""

import asyncio
import functools
import re
import time
from typing import Any, cast

from redis.asyncio.cluster import ClusterParser
from redis.cluster import parse_cluster_slots
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from ingest_api.servers import primary
from ingest_api.servers.primary import Redis
from ingest_api.servers.redis_url import Host, Place

#: the map is not read more often than this
_LEARN_SECONDS = 0.2
#: a slot, and the host and port of its owner
_MOVED = re.compile(r"(\d+) (\S+):(\d+)$")
_UNKNOWN = "No node of the cluster has said where shard {} lies."


@functools.cache
def slot(shard: int) -> int:
    """The slot of a shard: that of its hash tag."""
    return key_slot(f"s{shard:02d}".encode())


class Cluster:
    """The primaries of a cluster."""

    kind = "cluster"

    def __init__(self, place: Place, timeout: float | None) -> None:
        self._options = {**place.options, "parser_class": ClusterParser}
        self._timeout = timeout
        self._seeds = place.hosts
        self._clients: dict[Host, Redis] = {}
        #: first slot, last slot, and whose they are
        self._map: list[tuple[int, int, Redis]] = []
        self._doubtful = True
        self._learnt = float("-inf")
        self._learning: asyncio.Task[None] | None = None

    @property
    def servers(self) -> list[Redis]:
        """The primaries that have slots, as far as is known."""
        return list(dict.fromkeys(owner for _, _, owner in self._map))

    def of(self, shard: int) -> Redis:
        """The primary that holds a shard, as far as is known. Raises redis-py's `ConnectionError`."""
        wanted = slot(shard)
        for first, last, owner in self._map:
            if first <= wanted <= last:
                return owner
        raise RedisConnectionError(_UNKNOWN.format(shard))

    def doubt(self) -> None:
        """A primary did not answer: another may have taken its place."""
        self._doubtful = True

    def heed(self, answer: ResponseError) -> None:
        """A primary has sent a command to another: so it is known where its slot lies."""
        found = _MOVED.search(getattr(answer, "message", "") or str(answer))
        if found is None:
            self._doubtful = True
            return
        number, owner = int(found[1]), self._client((found[2], int(found[3])))
        self._map.insert(0, (number, number, owner))

    async def settle(self) -> None:
        """Read the map where it is in doubt. Raises redis-py's errors when there is none."""
        if self._doubtful and time.monotonic() - self._learnt > _LEARN_SECONDS:
            try:
                await self.learn()
            except (RedisError, OSError):
                if not self._map:
                    raise

    async def learn(self) -> None:
        """Read the map anew: once, for everybody who waits for it. Raises redis-py's `ConnectionError`."""
        if self._learning is None or self._learning.done():
            self._learning = asyncio.get_running_loop().create_task(self._read())
        await asyncio.shield(self._learning)

    async def aclose(self) -> None:
        """Let go of every node."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        for one in self._clients.values():
            await one.aclose()

    async def _read(self) -> None:
        why: Exception | None = None
        for host in dict.fromkeys((*self._clients, *self._seeds)):
            try:
                async with asyncio.timeout(primary.CONNECT_SECONDS):
                    told = await cast("Any", self._client(host)).execute_command("CLUSTER SLOTS")
            except (RedisError, OSError) as error:
                why = error
                continue
            if told:
                self._keep(parse_cluster_slots(told, current_host=host[0]))
                return
        raise RedisConnectionError(f"No node of the cluster tells where its slots lie: {why or 'they have none'}")

    def _keep(self, slots: dict[tuple[int, int], dict[str, Any]]) -> None:
        self._map = [(first, last, self._client(owner["primary"])) for (first, last), owner in slots.items()]
        self._doubtful, self._learnt = False, time.monotonic()

    def _client(self, host: Host) -> Redis:
        name, port = host
        if host not in self._clients:
            self._clients[host] = primary.client({**self._options, "host": name, "port": int(port)}, self._timeout)
        return self._clients[host]
