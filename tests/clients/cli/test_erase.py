"""`headrace erase` and `headrace erasure` against a real query service, with a worker behind it."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis, install
from queries.settings import Settings
from tests.clients.cli.conftest import Headrace
from tests.queries.conftest import serve
from workers.clickhouse.visit import visit
from workers.erasing.erase import Places, erase

pytestmark = pytest.mark.stack


@dataclass
class Shop:
    """A project with two users in it."""

    project: str
    user: str
    other: str
    warehouse: AsyncClient

    async def rows(self) -> dict[str, int]:
        """User -> rows."""
        asked = "SELECT user_id, count() FROM events WHERE project = {project:String} GROUP BY user_id"
        found = await self.warehouse.query(asked, parameters={"project": self.project})
        return {str(user): int(count) for user, count in found.result_rows}


@pytest.fixture
async def there(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Shop]:
    """Its events are stored, and a worker does what is ordered."""
    await install(redis, 2, 3600)
    await Projects(redis).create(shop)
    _, key = await Projects(redis).create_key(shop, Kind.DELETE)
    places = Places(clickhouse_url, "")

    ended = asyncio.Event()

    async def work() -> None:
        while not ended.is_set():
            await erase(redis, places)
            await asyncio.sleep(0.05)

    async with (
        visit(clickhouse_url, 30) as warehouse,
        serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as service,
    ):
        headrace.env = {"HEADRACE_URL": service._url, "HEADRACE_DELETE_KEY": key}
        one = Shop(shop, secrets.token_hex(8), secrets.token_hex(8), warehouse)
        names = ["event_id", "project", "name", "occurred_at", "received_at", "user_id", "properties"]
        rows = [[uuid.uuid4(), shop, "e", 10**12, 10**12, user, "{}"] for user in (one.user, one.user, one.other)]
        await warehouse.insert("events", rows, column_names=names)
        working = asyncio.ensure_future(work())
        yield one
        ended.set()  # a cancellation is lost when redis-py looks whether a connection is still good
        await working


async def test_a_user_is_counted_and_then_erased(headrace: Headrace, there: Shop) -> None:
    counted = await headrace("erase", "--user", there.user, "--dry-run")
    assert (counted.code, await there.rows()) == (0, {there.user: 2, there.other: 1})
    assert "Nothing was erased" in counted.out
    assert ["events", "2"] in [line.split() for line in counted.out.splitlines()]
    ended = await headrace("erase", "--project", there.project, "--user", there.user, "--yes", "--json")
    assert (ended.code, ended.document["counts"]["events"]) == (0, 2)
    assert await there.rows() == {there.other: 1}
    report = await headrace("erasure", ended.document["id"])
    assert (report.code, f"Erasure {ended.document['id']}" in report.out) == (0, True)


async def test_it_asks_first_and_takes_only_a_yes(headrace: Headrace, there: Shop) -> None:
    ended = await headrace("erase", "--user", there.user, stdin=b"n\n")
    assert (ended.code, await there.rows()) == (1, {there.user: 2, there.other: 1})
    assert f"Project {there.project}: 2 in events" in ended.err
    assert "Nothing was erased." in ended.err
    assert (await headrace("erase", "--user", there.user, stdin=b"yes\n")).code == 0
    assert await there.rows() == {there.other: 1}


async def test_a_stretch_of_time_and_single_events(headrace: Headrace, there: Shop) -> None:
    none = await headrace("erase", "--event", f"evt_{'0' * 32}", "--dry-run", "--json")
    assert none.document["counts"]["events"] == 0
    times = ("--from", "2001-09-09T00:00:00Z", "--to", "2001-09-10T00:00:00Z")
    ended = await headrace("erase", *times, "--event-type", "e", "--yes", "--json")
    assert (ended.document["counts"]["events"], await there.rows()) == (3, {})


async def test_what_is_wrong_is_said(headrace: Headrace, there: Shop) -> None:
    nothing = await headrace("erase", "--yes")
    assert (nothing.code, "Say what to forget" in nothing.err) == (2, True)
    both = await headrace("erase", "--user", "a", "--client", "b", "--yes")
    assert (both.code, "exactly one of" in both.err) == (2, True)
    foreign = await headrace("erase", "--project", "another", "--user", "a", "--yes")
    assert (foreign.code, "is not the one of this key" in foreign.err) == (3, True)
    keyless = await headrace("erase", "--user", "a", "--yes", HEADRACE_DELETE_KEY="")
    assert (keyless.code, "--kind delete" in keyless.err) == (2, True)
    assert (await headrace("erasure", "0" * 16)).code == 1
    assert await there.rows() == {there.user: 2, there.other: 1}
