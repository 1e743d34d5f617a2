"""Somebody who follows events live, and events that arrive as the workers let them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from clickhouse_connect.driver.client import Client
from prometheus_client import REGISTRY

from ingest_api.projects.keys import Kind
from ingest_api.stream import Redis, Shard, read_install
from queries.settings import Settings
from tests.queries.conftest import Service, Tenant, serve
from tests.queries.stored import store
from tests.waiting import until

SECONDS = 20.0


@dataclass
class Message:
    """One block of a stream of events; a heartbeat has a comment alone."""

    id: str = ""
    event: str = ""
    data: Any = None
    comment: bool = False
    retry: str = ""

    @property
    def user(self) -> str:
        """What tests tell their events apart by."""
        return str(self.data["user_id"])


@dataclass
class Follower:
    """Reads a stream, and remembers the last id as a browser does."""

    content: aiohttp.StreamReader
    headers: Mapping[str, str]
    last_id: str = ""
    closed: bool = False
    seen: list[Message] = field(default_factory=list)
    seconds: float = SECONDS

    async def next(self) -> Message | None:
        """The next block; None at the end."""
        message, any_line = Message(), False
        async with asyncio.timeout(self.seconds):
            while line := (await self.content.readline()).decode().rstrip("\n"):
                any_line = True
                name, _, value = line.partition(": ")
                if name.startswith(":"):
                    message.comment = True
                elif name == "data":
                    message.data = orjson.loads(value)
                else:
                    setattr(message, name, value)
        if not any_line:
            self.closed = self.content.at_eof()
            return None
        self.last_id = message.id or self.last_id
        self.seen.append(message)
        return message

    async def events(self, count: int) -> list[Message]:
        """So many events, and nothing in between but heartbeats."""
        found: list[Message] = []
        async with asyncio.timeout(self.seconds):
            while len(found) < count:
                message = await self.next()
                assert message is not None, f"the stream ended behind {[one.user for one in found]}"
                if message.data is not None:
                    assert message.event == "event", message
                    found.append(message)
        return found


@asynccontextmanager
async def following(
    url: str, bearer: str, params: Mapping[str, str] | None = None, last_id: str = "", seconds: float = SECONDS
) -> AsyncIterator[Follower]:
    """A connection to GET /api/v1/live that was let in and has heard the greeting."""
    headers = {"Authorization": bearer, **({"Last-Event-ID": last_id} if last_id else {})}
    timeout = aiohttp.ClientTimeout(total=None, sock_read=seconds)
    async with (
        aiohttp.ClientSession(timeout=timeout, read_bufsize=2**20) as session,
        session.get(f"{url}/api/v1/live", params=params, headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        one = Follower(response.content, response.headers, seconds=seconds)
        greeting = await one.next()
        assert greeting is not None
        assert (greeting.retry, greeting.data) == ("1000", None)
        yield one


async def arrive(warehouse: Client, redis: Redis, *events: dict[str, Any]) -> None:
    """Append an entry for the events of each shard, which gives them their place, store them, move the floors."""
    entries: dict[int, str] = {}
    for number in sorted({event["_shard"] for event in events}):
        entry: bytes = await redis.xadd(Shard(number).frames, {"n": 1})
        entries[number] = entry.decode()
    for event in events:
        event["_stream_ms"], event["_stream_seq"] = map(int, entries[event["_shard"]].split("-"))
    store(warehouse, *events)
    for number, entry_id in entries.items():
        await redis.set(Shard(number).floor, entry_id)


async def arrived(warehouse: Client, redis: Redis, *events: dict[str, Any]) -> None:
    """Store events that have their places."""
    store(warehouse, *events)
    for number in {event["_shard"] for event in events}:
        last = max(event["_stream_ms"] for event in events if event["_shard"] == number)
        await redis.set(Shard(number).floor, f"{last}-0")


async def looked_around(redis: Redis, times: int = 5) -> None:
    """Wait until somebody has looked so often how far the drain is."""
    before, shards = await _looks(redis), (await read_install(redis)).shard_count

    async def often() -> bool:
        return await _looks(redis) - before >= times * shards

    await until(often)


async def _looks(redis: Redis) -> int:
    """At the progress of any shard."""
    stats = await redis.info("commandstats")
    return int(stats.get("cmdstat_fcall_ro", {"calls": 0})["calls"])


def counted(name: str) -> float:
    """What a metric says now."""
    return REGISTRY.get_sample_value(name) or 0.0


Place = dict[str, str]


def served(place: Place, **settings: float) -> AbstractAsyncContextManager[Service]:
    """A service with settings of its own."""
    return serve(Settings.model_validate({**place, **settings}))


def live(service: Service, tenant: Tenant, last_id: str = "", **params: str) -> AbstractAsyncContextManager[Follower]:
    """Somebody of this tenant who follows."""
    return following(service._url, tenant.bearer(Kind.QUERY), params, last_id)
