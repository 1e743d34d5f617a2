"""Books: rates from the counters of both stores, asked for as seldom as many screens allow."""

from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import ledger
from ingest_api.stream import Install, Redis
from queries.freshness import Freshness
from queries.pipeline.books import Account, Books
from queries.store import Store
from tests.queries.conftest import Service, Tenant
from tests.queries.pipeline.test_ledger import NOW, Office

pytestmark = pytest.mark.stack


class Shelf(Office):
    """The books as the counters have them, and as they are read."""

    read: Books
    freshness: Freshness

    async def of(self, tenant: Tenant) -> Account:
        return await self.read.of_project(tenant.id, await self.freshness.read())

    async def of_all(self) -> Account:
        return await self.read.of_all(await self.freshness.read())


@pytest.fixture
async def shelf(
    service: Service, redis: Redis, installed: Install, warehouse: Client, clickhouse_url: str
) -> AsyncIterator[Shelf]:
    """Empty."""
    warehouse.command("TRUNCATE TABLE ledger")
    one = Shelf(service, redis, warehouse, ledger.books(installed.shards))
    store, one.freshness = Store(clickhouse_url, 10), Freshness(redis)
    one.read = Books(redis, store, one.freshness)
    yield one
    await one.read.close()
    await store.close()


def accepted(account: Account) -> int:
    return sum(minute.accepted for minute in account.rates.minutes)


async def questions(redis: Redis) -> int:
    """Commands that Redis was given."""
    info = await redis.info("stats")
    return int(info["total_commands_processed"])


async def test_a_minute_that_is_copied_between_two_answers_is_counted_once(shelf: Shelf, tenant: Tenant) -> None:
    (book, *_) = shelf.books
    await shelf.count(book, NOW - 3, tenant, accepted=5, stored=5)
    assert accepted(await shelf.of(tenant)) == 5
    shelf.copied(0, NOW - 3, tenant, accepted=5, stored=5)
    await ledger.close(shelf.redis, book, range(NOW - 3, NOW - 2))
    assert accepted(await shelf.of(tenant)) == 5
    assert accepted(await shelf.of_all()) == 5


async def test_the_sum_of_all_is_not_read_anew_for_every_screen(shelf: Shelf, tenant: Tenant) -> None:
    await shelf.count(shelf.books[0], NOW - 3, tenant, accepted=5, stored=5)
    assert accepted(await shelf.of_all()) == 5
    before = await questions(shelf.redis)
    shards = await shelf.freshness.read()
    of_progress = await questions(shelf.redis) - before
    before = await questions(shelf.redis)
    for _ in range(20):
        assert accepted(await shelf.read.of_all(shards)) == 5
    assert await questions(shelf.redis) - before <= of_progress


async def test_a_project_is_remembered_and_the_one_asked_for_longest_ago_forgotten(
    shelf: Shelf, tenant: Tenant, stranger: Tenant
) -> None:
    shards = await shelf.freshness.read()
    await shelf.count(shelf.books[0], NOW - 3, stranger, accepted=5)
    for whose, count in ((tenant, 0), (stranger, 5), (tenant, 0)):
        assert accepted(await shelf.read.of_project(whose.id, shards)) == count
    assert list(shelf.read._settled) == [stranger.id, tenant.id]


async def test_places_that_do_not_balance_are_found_in_both_stores(
    shelf: Shelf, tenant: Tenant, stranger: Tenant
) -> None:
    await shelf.count(shelf.books[0], NOW - 3, tenant, accepted=5, stored=4)
    await shelf.count(shelf.books[1], NOW - 3, tenant, accepted=5, stored=6)
    shelf.copied(0, NOW - 20, stranger, accepted=5, stored=4)
    assert (await shelf.of(tenant)).wrong == {NOW - 3: tenant.id}
    assert (await shelf.of(stranger)).wrong == {NOW - 20: stranger.id}
    assert (await shelf.of_all()).wrong == {NOW - 3: tenant.id, NOW - 20: stranger.id}
