"""A query service with rejected events behind it, for the commands that look at them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ingest_api import halt
from ingest_api.halt import Halt
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Install, Redis, install
from queries.settings import Settings
from tests.queries.conftest import serve
from tests.workers.entries import entry, event
from workers import pipeline
from workers.batch import decode
from workers.reference import Reference
from workers.sink import Sink


@dataclass
class Rejecting:
    """Who asks, and where."""

    redis: Redis
    made: Install
    project: str
    env: dict[str, str]

    async def waiting(self) -> int:
        """Entries in the streams."""
        return sum([await self.redis.xlen(shard.frames) for shard in self.made.shards])

    async def halt(self) -> None:
        """Shard 1 stands still."""
        told = Halt(1, 1_795_000_000_000, "1-0:2-0:2", "half of it would be rejected")
        await halt.announce(self.redis, self.made.shards[1], told)


@asynccontextmanager
async def rejecting(redis: Redis, redis_url: str, clickhouse_url: str, project: str) -> AsyncIterator[Rejecting]:
    """Three events of one cause, one of another, and a frame that nobody can read."""
    made = await install(redis, 2, 3600)
    projects = Projects(redis)
    await projects.create(project)
    _, admin = await projects.create_key("", Kind.ADMIN)
    _, query = await projects.create_key(project, Kind.QUERY)
    events = [event(number, project=project, properties=b"not json") for number in range(4)]
    aside = {f"1795000000000-0:{number}": "ClickHouse INCORRECT_DATA: no JSON" for number in range(3)}
    aside["1795000000000-0:3"] = "impossible: a time"
    frame = (b"1795000000000-1", [b"f", b"\x09zdamaged", b"n", b"7", b"p", f"{project}\0007".encode()])
    sink = Sink(clickhouse_url, made.id, 10)
    await sink.insert(
        pipeline.run(decode(0, [entry("1795000000000-0", events), frame], aside), Reference()), "rejecting"
    )
    await sink.close()
    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as service:
        env = {"HEADRACE_URL": service._url, "HEADRACE_ADMIN_KEY": admin, "HEADRACE_QUERY_KEY": query}
        yield Rejecting(redis, made, project, env)
