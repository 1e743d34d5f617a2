"""What a project does not want stored is nowhere to be found, after its events went the whole way."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import clickhouse_connect
import orjson
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from deploy.local.running import RunningStack
from ingest_api import frame
from ingest_api.event import Event
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects, Settings
from ingest_api.stream import Redis, connect, read_install
from tests.waiting import until
from tests.workers.entries import event
from workers.clickhouse.address import address

pytestmark = pytest.mark.stack

IP = "198.51.100.77"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
SECRET = "s3cret-of-the-visitor"
LISTS = Settings(drop_properties=("card", "deep.card"), hash_properties=("email",))


@dataclass(frozen=True)
class Shop:
    """A project of the running stack."""

    stack: RunningStack
    id: str
    token: str
    redis: Redis
    warehouse: AsyncClient

    async def send(self, *bodies: dict[str, Any]) -> None:
        """One event each, as a server passes them on."""
        known = {"event_type": "view", "occurred_at": "2026-11-20T10:00:00Z", "ip": IP, "user_agent": CHROME}
        body = orjson.dumps([{**known, **one} for one in bodies])
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.stack.env['HEADRACE_INGEST_URL']}/v1/events"
        async with aiohttp.ClientSession() as client, client.post(url, data=body, headers=headers) as answer:
            assert (await answer.json())["rejected"] == 0

    async def put(self, event: Event) -> None:
        """One that no front door would let through."""
        packed, size = frame.encode([event])
        shard = (await read_install(self.redis)).shards[0]
        await self.redis.hincrby(shard.counters, "appended", 1)  # type: ignore[misc]  # redis-py 5: awaitable or not
        await self.redis.xadd(shard.frames, {"f": packed, "n": 1, "b": size, "p": f"{self.id}\0" + "1"})

    async def rows(self, count: int, columns: str, table: str = "events") -> list[tuple[Any, ...]]:
        """Columns of this project's rows, once there are so many."""
        asked = f"SELECT {columns} FROM {table} WHERE project = '{self.id}' ORDER BY 1"

        async def found() -> list[tuple[Any, ...]] | None:
            rows = [tuple(row) for row in (await self.warehouse.query(asked)).result_rows]
            return rows if len(rows) >= count else None

        return await until(found, within=30) or []

    async def tables_with(self, text: str) -> list[str]:
        """Tables that have this text anywhere in a row."""
        asked = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        names = [row[0] for row in (await self.warehouse.query(asked)).result_rows]
        assert {"events", "rejected_events"} <= set(names)
        like = f"formatRow('JSONEachRow', *) LIKE '%{text}%'"
        return [name for name in names if await self.warehouse.command(f"SELECT count() FROM {name} WHERE {like}")]

    def logs_with(self, text: str) -> list[str]:
        """Logs of the stack that have this text."""
        files = [file for file in self.stack.home.logs.iterdir() if file.is_file()]
        assert any(file.stat().st_size for file in files)
        return [file.name for file in files if text in file.read_text(errors="replace")]


@pytest.fixture
async def shop(stack: RunningStack) -> AsyncIterator[Shop]:
    """A project that hashes and drops."""
    env, name = stack.env, f"privacy-{time.time_ns()}"
    redis = connect(env["HEADRACE_REDIS_URL"])
    await Projects(redis).create(name, (), LISTS)
    _, token = await Projects(redis).create_key(name, Kind.WRITE)
    warehouse = await clickhouse_connect.get_async_client(
        **address(env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
    )
    yield Shop(stack, name, token, redis, warehouse)
    await warehouse.close()
    await redis.aclose()


async def test_listed_values_and_addresses_are_in_no_table_and_no_log(shop: Shop) -> None:
    listed = {"email": SECRET, "card": SECRET, "deep": {"card": SECRET, "n": 1}}
    url = f"https://x/?email={SECRET}&n=1"
    await shop.send({"data": listed, "url": url})
    given = event(1, project=shop.id, properties=orjson.dumps(listed), url=url, ip=IP, occurred_at=10**15)
    await shop.put(given)
    ((stored, properties, ip),) = await shop.rows(1, "url, toJSONString(properties), ip")
    assert (stored, ip) == ("https://x/?email=&n=1", "")
    found = orjson.loads(properties)
    assert found.pop("email").startswith("hr1:")
    assert [int(found.pop("deep")["n"]), found] == [1, {}]
    kept = f"position(raw, 'hr1:') > 0, position(raw, '{SECRET}') > 0"
    ((reason, *raw),) = await shop.rows(1, f"reason, {kept}", "rejected_events")
    assert reason.startswith("impossible: ")
    assert raw == [True, False]
    for text in (SECRET, IP):
        assert (await shop.tables_with(text), shop.logs_with(text)) == ([], [])
    assert "events" in await shop.tables_with(shop.id), "the test looks in the wrong place"


async def test_a_visitor_without_an_id_is_one_visitor_for_the_day(shop: Shop) -> None:
    await shop.send({}, {"event_type": "click"}, {"user_agent": "curl/8.5.0"}, {"client_id": "c"})
    rows = await shop.rows(4, "client_id, user_agent, visitor_id")
    ids = [visitor_id for client_id, agent, visitor_id in rows if agent == CHROME and not client_id]
    others = [visitor_id for client_id, agent, visitor_id in rows if agent != CHROME or client_id]
    assert (len(ids), len(set(ids)), others) == (2, 1, ["", ""])
    assert ids[0] != ""
