"""A feed: everybody is given each event once, whenever he came; it runs only while somebody reads."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from clickhouse_connect.driver.client import Client
from prometheus_client import REGISTRY

from ingest_api import moment
from ingest_api.progress import ShardProgress
from ingest_api.stream import Install, Redis
from queries.errors import Refused
from queries.freshness import Freshness
from queries.gate import Gate
from queries.questions import dimensions, filters
from queries.questions.filters import EVERYTHING, Leaf
from queries.questions.recent import Cursor
from queries.settings import Settings
from queries.store import Store
from queries.tail.feed import Feed, Feeds, newest
from queries.tail.reader import Reader
from tests.queries.conftest import Tenant
from tests.queries.following import arrive, looked_around
from tests.queries.stored import event
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def feeds(installed: Install, redis: Redis, clickhouse_url: str) -> AsyncIterator[Feeds]:
    """Those of a process."""
    store = Store(clickhouse_url, 10)
    found = Feeds(store, Gate(8), Freshness(redis), Settings(live_readers=40, live_project_readers=30))
    yield found
    found.close()
    await store.close()


async def some(feed: Feed, reader: Reader, count: int) -> list[str]:
    """The users of the next events, as somebody who reads them gets them."""
    found: list[str] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            if reader.idle and feed.behind(reader):
                taken = await feed.page_of(reader)
            else:
                assert not reader.idle or await reader.news(20)
                taken = reader.take()
            found += [
                orjson.loads(line[6:])["user_id"] for line in taken.decode().splitlines() if line.startswith("data: ")
            ]
    return found


def now() -> Cursor:
    return Cursor.before(moment.now_ms())


async def test_whoever_comes_at_whatever_moment_is_given_everything_from_there_once(
    feeds: Feeds, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    start, sent = now(), [str(number) for number in range(120)]

    async def read(delay: int) -> list[str]:
        await until_sent(delay)
        async with feeds.follow(tenant.id, start, EVERYTHING) as (feed, reader):
            return await some(feed, reader, len(sent))

    stored = 0

    async def until_sent(count: int) -> None:
        async def so_many() -> bool:
            return stored >= count

        await until(so_many)

    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read(delay)) for delay in range(0, 120, 6)]
        for first in range(0, 120, 3):
            rows = [event(tenant.id, user_id=user, _shard=first % 2) for user in sent[first : first + 3]]
            await arrive(warehouse, redis, *rows)
            stored = first + 3
            await asyncio.sleep(0.02)
    orders = [reader.result() for reader in readers]
    assert [sorted(order, key=int) for order in orders] == [sent] * len(readers)
    assert all(order == orders[0] for order in orders)


async def test_a_feed_runs_while_somebody_reads_and_starts_anew_for_the_next(
    feeds: Feeds, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with feeds.follow(tenant.id, None, EVERYTHING) as (first, _):
        async with feeds.follow(tenant.id, None, EVERYTHING) as (same, _):
            assert same is first
        (running,) = feeds._tasks.values()
        assert not running.done()

    async def ended() -> bool:
        return running.done()

    await until(ended)
    assert not feeds._feeds
    await arrive(warehouse, redis, event(tenant.id, user_id="unseen"))
    async with feeds.follow(tenant.id, None, EVERYTHING) as (feed, reader):
        assert feed is not first
        await arrive(warehouse, redis, event(tenant.id, user_id="seen"))
        assert await some(feed, reader, 1) == ["seen"]


async def test_a_filter_that_the_engine_stumbles_over_costs_the_others_nothing(
    feeds: Feeds, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    broken = Leaf("matches", dimensions.find("country", ""), ("(",))  # no filter that is parsed lets this through
    async with (
        feeds.follow(tenant.id, None, broken) as (_, bad),
        feeds.follow(tenant.id, None, EVERYTHING) as (feed, good),
    ):
        await arrive(warehouse, redis, event(tenant.id, user_id="ada", country="DE"))
        assert await some(feed, good, 1) == ["ada"]
        assert (bad.dropped, good.dropped) == (True, False)
        assert b"The filter cannot be held" in bad.take()


async def test_while_nothing_is_stored_nothing_is_asked(feeds: Feeds, tenant: Tenant, redis: Redis) -> None:
    asked = REGISTRY.get_sample_value("query_live_polls_total")
    async with feeds.follow(tenant.id, None, EVERYTHING) as (feed, _):
        head = feed.head
        await looked_around(redis)
        assert feed.head == head
    assert REGISTRY.get_sample_value("query_live_polls_total") == asked


async def test_there_is_room_for_so_many(feeds: Feeds, tenant: Tenant, stranger: Tenant) -> None:
    async def full(project: str) -> bool:
        with pytest.raises(Refused) as refused:
            async with feeds.follow(project, None, EVERYTHING):
                pass
        return refused.value.status == 429

    async def sit(project: str, count: int, then: list[str]) -> None:
        if count:
            async with feeds.follow(project, None, EVERYTHING):
                await sit(project, count - 1, then)
        elif then:
            assert await full(project)
            await sit(then[0], 10, then[1:])
        else:
            assert await full(project)

    await sit(tenant.id, 30, [stranger.id])
    async with feeds.follow(tenant.id, None, EVERYTHING) as (_, reader):
        assert not reader.ended


async def test_at_the_end_everybody_is_let_go(feeds: Feeds, tenant: Tenant, stranger: Tenant) -> None:
    async with (
        feeds.follow(tenant.id, None, EVERYTHING) as (_, one),
        feeds.follow(stranger.id, None, filters.parse(["is_set", "country"])) as (_, other),
    ):
        feeds.close()
        assert (one.ended, other.ended, one.take()) == (True, True, b"")


def test_the_newest_is_what_any_shard_stored_last() -> None:
    floors = ("0-0", "5-3", "4-9")
    assert newest([ShardProgress(n, 9, 0, "", floor, {}) for n, floor in enumerate(floors)]) == 5
