"""The stage: a Redis, a ClickHouse, front doors and workers as real processes, with cables that can be cut between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import WORKERS, Install, Redis, connect, read_install
from tests.faults.actor import Actor
from tests.faults.clickhouse_proxy import ClickHouseProxy
from tests.faults.servers import Warehouse, following, redis_url
from tests.faults.tcp_proxy import TcpProxy
from tests.topologies import Servers
from tests.waiting import until
from workers.clickhouse.address import address


@dataclass(slots=True)
class Stage:
    """Everything that an experiment may break, and what its oracle asks."""

    folder: Path
    warehouse: Warehouse
    redis: Actor
    #: these three only where the experiment asked for a replica
    replica: Actor
    replica_port: int
    #: between Redis and its replica
    cable: TcpProxy
    door: Actor
    #: on the same port; started by the experiments that need one
    other_door: Actor
    worker: Actor
    #: started by the experiments that need one
    other_worker: Actor
    #: between the services and Redis
    link: TcpProxy
    #: between the workers and ClickHouse
    clickhouse: ClickHouseProxy
    clickhouse_url: str
    database: str
    door_port: int
    door_url: str
    #: a write key
    token: str = ""
    #: what holds the shards, where Redis does not
    shards: Servers | None = None

    @property
    def actors(self) -> tuple[Actor, ...]:
        """All processes but ClickHouse, in the order of their end."""
        return (self.worker, self.other_worker, self.door, self.other_door, self.redis, self.replica)

    @property
    def urls(self) -> str:
        """Where Redis is, past the proxy, and what holds the shards."""
        return " ".join((redis_url(self.link.target), *((self.shards.url,) if self.shards else ())))

    @property
    def client(self) -> Redis:
        """A client straight to Redis, past the proxy. Whoever takes it closes it."""
        return connect(self.urls)

    async def install(self) -> Install:
        """What the front door made."""
        client = self.client
        try:
            return await read_install(client)
        finally:
            await client.aclose()

    async def sql(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask ClickHouse, past the proxy. Statements that answer nothing give no rows."""
        async with _warehouse(self.clickhouse_url) as client:
            if statement.lstrip().upper().startswith("SELECT"):
                answer = await client.query(statement, parameters=parameters)
                return [tuple(row) for row in answer.result_rows]
            await client.command(statement)
            return []

    async def promote(self) -> None:
        """Kill Redis; its replica takes its place, also for the services. What was killed comes back as a replica."""
        await self.redis.kill()
        self.redis, self.replica = self.replica, self.redis
        self.link.target = self.replica_port
        client = self.client
        await cast("Any", client).execute_command("REPLICAOF", "NO", "ONE")
        await client.aclose()
        self.link.reset()
        self.replica.command += following(self.replica_port)
        await self.replica.start()

    async def follow(self) -> None:
        """Start the replica and wait until it is in step."""
        await self.cable.start()
        await self.replica.start()
        client = connect(redis_url(self.replica_port))

        async def in_step() -> bool:
            return bool((await client.info("replication"))["master_link_status"] == "up")

        await until(in_step)
        await client.aclose()

    async def replicated(self) -> None:
        """Wait until the replica has what was written up to now."""
        async with self.client as client:
            await client.set("faults:replicated", 1)
            await client.wait(1, 5000)

    async def progress(self) -> list[ShardProgress]:
        """How far each shard has come."""
        client = self.client
        try:
            return await read_progress(client, await read_install(client))
        finally:
            await client.aclose()

    async def commits(self) -> int:
        """Batches committed so far."""
        return sum(shard.counters.get("batches", 0) for shard in await self.progress())

    async def stop_merges(self) -> None:
        """ReplacingMergeTree would hide within seconds what the deduplication window let through."""
        for table in ("events", "counted"):
            await self.sql(f"SYSTEM STOP MERGES {table}")

    async def forget_dead_workers(self) -> None:
        """Take dead workers out of the list now; they would count for five more seconds."""
        client = self.client
        living = {actor.pid for actor in (self.worker, self.other_worker) if actor.lives}
        for name, raw in (await cast("Any", client.hgetall(WORKERS))).items():
            if msgspec.json.decode(raw)["pid"] not in living:
                await cast("Any", client.hdel(WORKERS, name))
        await client.aclose()

    async def replace_worker(self, kill_point: str = "", **env: str) -> None:
        """A new worker after the last one died."""
        await self.forget_dead_workers()
        await self.worker.start(kill_point, **env)

    async def one_worker(self) -> None:
        """As at the beginning: the worker works, and no other."""
        await self.other_worker.kill()
        if self.worker.lives:
            await self.forget_dead_workers()
            await self.worker.ready()
        else:
            await self.replace_worker()


@asynccontextmanager
async def _warehouse(url: str) -> AsyncIterator[AsyncClient]:
    client = await clickhouse_connect.get_async_client(**address(url), autogenerate_session_id=False)
    try:
        yield client
    finally:
        await client.close()
