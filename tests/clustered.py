"""A cluster of one shard and one replica for tests: the real engine, in a process of its own.

`python -m tests.clustered FOLDER PORT` serves it. The engine in a process has no queue for ON CLUSTER and no port for
replicas. So the node is told what such a queue tells each node, and its tables replicate to nobody; Distributed
tables, tokens, views and questions are the engine's own.
"""

import asyncio
import contextlib
import dataclasses
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from deploy.local import ready
from deploy.local import stores as local
from deploy.local.clickhouse import engine
from deploy.local.clickhouse.access import Access
from deploy.local.clickhouse.endpoint import Endpoint
from deploy.local.clickhouse.statement import Statement
from deploy.local.home import Home
from deploy.local.ports import free_port
from tests import stores

NAME = "main"
_CONFIG = """
<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><main><shard>
        <internal_replication>true</internal_replication>
        <replica><host>127.0.0.1</host><port>9000</port></replica>
    </shard></main></remote_servers>
</clickhouse>"""
_ENGINE = re.compile(r"Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, ([^()]*))?\)")
_SECONDS = re.compile(r"replicated_deduplication_window_seconds = \d+,")


def as_a_node(sql: str) -> str:
    """What the queue of ON CLUSTER leaves to a node, on tables that replicate to nobody."""
    if sql.startswith("SYSTEM SYNC REPLICA"):
        return "SET log_comment = ''"
    alone = _ENGINE.sub(lambda found: f"{found[1]}({found[2] or ''})", sql.replace(f" ON CLUSTER `{NAME}`", ""))
    return _SECONDS.sub("", alone).replace(" replicated_dedup", " non_replicated_dedup")


@contextlib.contextmanager
def local_cluster(folder: Path) -> Iterator[str]:
    """Yields the URL of its only node, with the cluster's name."""
    port = free_port()
    secrets = stores.SECRETS
    probe = ready.clickhouse(local.clickhouse_base(port), local.CLICKHOUSE_USER, secrets.clickhouse_password)
    command = (sys.executable, "-m", "tests.clustered", str(folder), str(port))
    with stores.process(command, local.clickhouse_env(secrets), folder / "cluster.log") as node:
        stores.until_ready(probe, node, folder / "cluster.log")
        yield f"{local.clickhouse_url(port, secrets)}&cluster={NAME}"


class Node(engine.Engine):
    """The engine as a node of the cluster."""

    async def run(self, statement: Statement) -> engine.Answer:
        settings = {**statement.settings, "prefer_localhost_replica": "1"}  # the engine has no port of its own
        return await super().run(dataclasses.replace(statement, sql=as_a_node(statement.sql), settings=settings))


async def main(folder: Path, port: int) -> None:
    """Serve until SIGTERM."""
    home, config = Home(folder), folder / "cluster.xml"
    home.make()
    config.write_text(_CONFIG)
    vars(engine)["_OPTIONS"]["config-file"] = str(config)
    node = Node(home.clickhouse, local.DATABASE)
    access = Access(os.environ["HEADRACE_CLICKHOUSE_USER"], os.environ["HEADRACE_CLICKHOUSE_PASSWORD"])
    runner = Endpoint(node, access).runner()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    os._exit(0)  # nobody wants the data again


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
