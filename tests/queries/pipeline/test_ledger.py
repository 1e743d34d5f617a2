"""The ledger over the API: open minutes from Redis, settled ones from ClickHouse, and whether they balance."""

from dataclasses import dataclass
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import ledger, moment
from ingest_api.ledger import REFUSALS, Book
from ingest_api.projects.keys import Kind
from ingest_api.stream import Install, Redis
from tests.queries.conftest import Answer, Service, Tenant

pytestmark = pytest.mark.stack

NOW = moment.now_ms() // 60_000


@dataclass
class Office:
    """The books of two shards in both stores, and somebody who asks."""

    service: Service
    redis: Redis
    warehouse: Client
    books: list[Book]

    async def count(self, book: Book, minute: int, tenant: Tenant, **counts: int) -> None:
        """Put counts where the shards and front doors put them."""
        for outcome, events in counts.items():
            name = f"{tenant.id}:{outcome.replace('__', ':')}"
            await self.redis.hincrby(book.minute(minute), name, events)  # type: ignore[misc]  # redis-py 5: awaitable or not
        await self.redis.set(book.cursor, minute, nx=True)

    def copied(self, shard: int, minute: int, tenant: Tenant, **counts: int) -> None:
        """Put counts where the workers copy them."""
        rows = [
            [tenant.id, minute * 60, shard, outcome.replace("__", ":"), events, 1] for outcome, events in counts.items()
        ]
        self.warehouse.insert("ledger", rows, ["project", "minute", "shard", "outcome", "events", "copied_at"])

    async def ask(self, tenant: Tenant, **params: str) -> Answer:
        return await self.service.ask("/api/v1/ledger", tenant.bearer(Kind.QUERY), params)

    async def told(self, tenant: Tenant, **params: str) -> dict[str, Any]:
        answer = await self.ask(tenant, **params)
        assert answer.status == 200, answer.raw
        found: dict[str, Any] = answer.body["data"]
        return found


@pytest.fixture
async def office(service: Service, redis: Redis, installed: Install, warehouse: Client) -> Office:
    """Empty books."""
    return Office(service, redis, warehouse, ledger.books(installed.shards))


COUNTS = ("accepted", "duplicate", "stored", "rejected", "repeated", "erased", "in_flight")
EMPTY = {**dict.fromkeys(COUNTS, 0), "refused": {}}


async def test_where_nothing_was_ever_sent_the_books_are_empty_and_balance(office: Office, tenant: Tenant) -> None:
    assert await office.told(tenant) == {"minutes": [], "total": EMPTY, "balanced": True}


async def test_shards_and_stores_add_up_to_one_row_a_minute(office: Office, tenant: Tenant) -> None:
    one, two = office.books
    await office.count(one, NOW - 4, tenant, accepted=6, stored=3, rejected=1, repeated=1, erased=1, duplicate=2)
    await office.count(REFUSALS, NOW - 4, tenant, refused__rate_limited=7)
    await office.count(two, NOW - 3, tenant, accepted=9, stored=9)
    office.copied(two.shard, NOW - 4, tenant, accepted=10, stored=10)  # that shard's cursor is behind it
    office.copied(one.shard, NOW - 30, tenant, accepted=2, rejected=1, erased=1)
    office.copied(0, NOW - 30, tenant, refused__rate_limited=1, refused__invalid_field=2)
    found = await office.told(tenant)
    assert [(row["minute"], row["balanced"]) for row in found["minutes"]] == [
        (moment.text((NOW - ago) * 60_000), True) for ago in (30, 4, 3)
    ]
    first, second, third = ({name: row[name] for name in EMPTY} for row in found["minutes"])
    assert first == EMPTY | {
        "accepted": 2,
        "rejected": 1,
        "erased": 1,
        "refused": {"rate_limited": 1, "invalid_field": 2},
    }
    ends = {"stored": 13, "rejected": 1, "repeated": 1, "erased": 1}
    assert second == EMPTY | ends | {"accepted": 16, "duplicate": 2, "refused": {"rate_limited": 7}}
    assert third == EMPTY | {"accepted": 9, "stored": 9}
    assert found["total"] == {
        "accepted": 27, "duplicate": 2, "stored": 22, "rejected": 2, "repeated": 1, "erased": 2, "in_flight": 0,
        "refused": {"rate_limited": 8, "invalid_field": 2},
    }  # fmt: skip
    assert found["balanced"] is True


async def test_a_minute_in_both_stores_is_counted_once(office: Office, tenant: Tenant) -> None:
    (book, *_) = office.books
    await office.count(book, NOW - 5, tenant, accepted=5, stored=5)
    office.copied(0, NOW - 5, tenant, accepted=5, stored=5)
    assert (await office.told(tenant))["total"] == EMPTY | {"accepted": 5, "stored": 5}
    await ledger.close(office.redis, book, range(NOW - 5, NOW - 4))
    assert (await office.told(tenant))["total"] == EMPTY | {"accepted": 5, "stored": 5}
    office.copied(0, NOW - 5, tenant, accepted=5, stored=5)  # and again
    assert (await office.told(tenant))["total"] == EMPTY | {"accepted": 5, "stored": 5}


@pytest.mark.parametrize("where", ["Redis", "ClickHouse"])
@pytest.mark.parametrize("ended", [4, 6])
async def test_a_settled_minute_that_does_not_balance_is_named_even_if_another_shard_makes_up_for_it(
    office: Office, tenant: Tenant, where: str, ended: int
) -> None:
    for book, stored in zip(office.books, (ended, 10 - ended), strict=True):
        if where == "Redis":
            await office.count(book, NOW - 5, tenant, accepted=5, stored=stored)
        else:
            await office.redis.set(book.cursor, NOW - 1)
            office.copied(book.shard, NOW - 5, tenant, accepted=5, stored=stored)
    found = await office.told(tenant)
    assert (found["balanced"], found["minutes"][0]["balanced"]) == (False, False)
    assert found["minutes"][0]["in_flight"] == 0


async def test_what_is_in_flight_in_an_open_minute_is_no_imbalance(
    office: Office, tenant: Tenant, installed: Install
) -> None:
    shard = installed.shards[0]
    waiting = await office.redis.xadd(shard.frames, {"f": b"x", "n": 1, "b": 1})
    minute = int(waiting.split(b"-")[0]) // 60_000
    await office.count(office.books[0], minute, tenant, accepted=3, stored=2)
    found = await office.told(tenant)
    assert (found["total"]["in_flight"], found["balanced"]) == (1, True)
    await office.count(office.books[0], minute, tenant, stored=2)
    found = await office.told(tenant)
    assert (found["total"]["in_flight"], found["balanced"]) == (-1, False)


async def test_a_range_is_taken_minute_by_minute_and_without_its_end(office: Office, tenant: Tenant) -> None:
    (book, *_) = office.books
    for ago in (9, 8, 7):
        await office.count(book, NOW - ago, tenant, accepted=1, stored=1)
        office.copied(0, NOW - 100 - ago, tenant, accepted=1, stored=1)
    for start in (NOW, NOW - 100):
        first, last = moment.text((start - 8) * 60_000), moment.text((start - 7) * 60_000)
        found = await office.told(tenant, **{"from": first, "to": last})
        assert [row["minute"] for row in found["minutes"]] == [first]


async def test_another_project_s_counts_are_not_seen(office: Office, tenant: Tenant, stranger: Tenant) -> None:
    await office.count(office.books[0], NOW - 5, stranger, accepted=5)
    await office.count(REFUSALS, NOW - 5, stranger, refused__internal=1)
    office.copied(0, NOW - 30, stranger, accepted=1)
    assert (await office.told(tenant))["minutes"] == []
    assert (await office.told(stranger))["balanced"] is False


@pytest.mark.parametrize(
    "params",
    [
        {"from": "yesterday"},
        {"from": "2026-01-01", "to": "2026-01-03"},
        {"from": "2999-01-01"},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"period": "1h"},
    ],
)
async def test_a_range_that_is_none_is_refused(office: Office, tenant: Tenant, params: dict[str, str]) -> None:
    answer = await office.ask(tenant, **params)
    assert answer.status == 400
    assert answer.body["error"].startswith(("from: ", "'period'"))
