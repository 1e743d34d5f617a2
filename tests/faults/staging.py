"""Setting a stage: everything is made, started and ready, and taken down at the end."""

import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import ready
from deploy.local.ports import HOST, free_port
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from tests.faults.actor import Actor
from tests.faults.clickhouse_proxy import ClickHouseProxy
from tests.faults.servers import Warehouse, redis_server, redis_url
from tests.faults.stage import Stage
from tests.faults.tcp_proxy import TcpProxy
from tests.stores import migrate
from tests.topologies import Servers

PROJECT = "faults"
#: small batches and short leases: an experiment takes seconds and passes every step many times; only what is told to
#: stop may take its time, so that on a busy machine too it comes to its end by itself
_QUICK = {
    "HEADRACE_BATCH_EVENTS": "200",
    "HEADRACE_LINGER_MS": "50",
    "HEADRACE_LEASE_SECONDS": "1.5",
    "HEADRACE_INSERT_TIMEOUT_SECONDS": "3",
    "HEADRACE_STOP_SECONDS": "20",
    "HEADRACE_SHARDS": "2",
}
#: what every event that becomes a row is counted by: a view doubles what a table drops, unless its window is on
_COUNTED = """
CREATE TABLE counted (name LowCardinality(String), events UInt64) ENGINE = SummingMergeTree ORDER BY name
SETTINGS non_replicated_deduplication_window = {window};
CREATE MATERIALIZED VIEW counting TO counted AS SELECT name, count() AS events FROM events GROUP BY name"""


@dataclass(frozen=True, slots=True)
class Making:
    """How a stage differs from the ordinary one."""

    #: settings of the services
    env: Mapping[str, str] = field(default_factory=dict)
    #: further lines of Redis's configuration
    redis_conf: str = ""
    #: of the view's target
    view_window: int = 10_000
    #: Redis has a replica, behind a cable of its own
    replica: bool = False
    #: makes servers for the shards in a folder; Redis is the control server then
    shards: Callable[[Path], Servers] | None = None


@asynccontextmanager
async def staged(folder: Path, warehouse: Warehouse, making: Making) -> AsyncIterator[Stage]:
    """A stage with everything ready, taken down at the end."""
    redis_port = free_port()
    link, cable, proxy = TcpProxy(redis_port), TcpProxy(redis_port), ClickHouseProxy(warehouse.port)
    for part in (link, cable, proxy):
        await part.start()
    stage = _set(folder, warehouse, (link, cable, proxy), making)
    try:
        await stage.redis.start()
        if making.replica:
            await stage.follow()
        if stage.shards is not None:
            await stage.shards.start()
        migrate(stage.clickhouse_url)
        for statement in _COUNTED.format(window=making.view_window).split(";"):
            await stage.sql(statement)
        await stage.stop_merges()
        await stage.door.start()
        stage.token = await _write_key(stage)
        await stage.worker.start()
        yield stage
        await stage.sql(f"DROP DATABASE {stage.database}")
    finally:
        for actor in (*stage.actors, *(stage.shards.actors if stage.shards else ())):
            await actor.kill()
        for part in (link, cable, proxy):
            await part.stop()


def _set(
    folder: Path, warehouse: Warehouse, between: tuple[TcpProxy, TcpProxy, ClickHouseProxy], making: Making
) -> Stage:
    """The actors, none of them started."""
    link, cable, proxy = between
    replica_port, door_port = free_port({link.target}), free_port({link.target})
    door_url, database = f"http://{HOST}:{door_port}", f"faults_{secrets.token_hex(6)}"
    shards = making.shards(folder) if making.shards else None
    services = {
        **_QUICK,
        "HEADRACE_REDIS_URL": " ".join((redis_url(link.port), *((shards.url,) if shards else ()))),
        "HEADRACE_CLICKHOUSE_URL": warehouse.url(database, proxy.port),
        "HEADRACE_INGEST_PORT": str(door_port),
        **making.env,
    }

    def door(name: str) -> Actor:
        command, probe = (sys.executable, "-m", "ingest_api"), ready.http(f"{door_url}/readyz", door_port)
        return Actor(name, command, probe, folder / f"{name}.log", services)

    def worker(name: str) -> Actor:
        command = (sys.executable, "-m", "arq", "workers.worker.WorkerSettings")
        return Actor(name, command, ready.worker(redis_url(link.target)), folder / f"{name}.log", services)

    return Stage(
        folder=folder,
        warehouse=warehouse,
        redis=redis_server("redis", folder, link.target, conf=making.redis_conf),
        replica=redis_server("replica", folder, replica_port, conf=making.redis_conf, follows=cable.port),
        replica_port=replica_port,
        cable=cable,
        door=door("front-door"),
        other_door=door("other-door"),
        worker=worker("worker"),
        other_worker=worker("other-worker"),
        link=link,
        clickhouse=proxy,
        clickhouse_url=warehouse.url(database),
        database=database,
        door_port=door_port,
        door_url=door_url,
        shards=shards,
    )


async def _write_key(stage: Stage) -> str:
    client = stage.client
    projects = Projects(client)
    await projects.create(PROJECT)
    _, token = await projects.create_key(PROJECT, Kind.WRITE)
    await client.aclose()
    return token
