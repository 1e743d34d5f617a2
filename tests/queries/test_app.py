"""The query service over HTTP: who is refused, what is counted, and what is said when a part is away."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.client import Client

from deploy.local.ports import free_port
from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.stream import Install
from queries.settings import Settings
from tests.queries.conftest import Service, Tenant, serve
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

HOUR = 3_600_000
QUESTIONS = ("/api/v1/stats", "/api/v1/events")


@pytest.fixture
async def without_clickhouse(installed: Install, redis_url: str) -> AsyncIterator[Service]:
    nowhere = f"http://default@127.0.0.1:{free_port()}/?database=headrace"
    async with serve(Settings(redis_url=redis_url, clickhouse_url=nowhere)) as one:
        yield one


@pytest.fixture
async def without_redis(clickhouse_url: str) -> AsyncIterator[Service]:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with serve(Settings(redis_url=nowhere, clickhouse_url=clickhouse_url)) as one:
        yield one


async def count(service: Service, tenant: Tenant, params: dict[str, str | int] | None = None) -> int:
    answer = await service.stats(tenant, params)
    assert answer.status == 200, answer.body
    value: int = answer.value
    return value


@pytest.mark.parametrize("path", QUESTIONS)
async def test_without_a_query_key_nothing_is_told(service: Service, tenant: Tenant, path: str) -> None:
    answers = [
        await service.ask(path),
        await service.ask(path, "Bearer hr_query_unknown"),
        await service.ask(path, tenant.bearer(Kind.WRITE)),
    ]
    for answer in answers:
        assert (answer.status, answer.body["success"], answer.body["status"]) == (401, False, 401)
        assert answer.body["error"].startswith("Authentication required. Send a query key of your project")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_foreign_site_is_refused(service: Service, tenant: Tenant, stranger: Tenant) -> None:
    answer = await service.stats(tenant, {"site_id": stranger.site})
    message = "site_id: does not belong to this key's project."
    assert (answer.status, answer.body) == (403, {"success": False, "error": message, "status": 403})


async def test_a_wrong_parameter_is_named(service: Service, tenant: Tenant) -> None:
    for answer in (await service.stats(tenant, {"metric": "x"}), await service.events(tenant, {"limit": 0})):
        assert (answer.status, answer.body["success"], answer.body["status"]) == (400, False, 400)
        assert answer.body["error"].startswith(("metric: ", "limit: "))


async def test_an_answer_says_what_was_counted_and_how_fresh_it_is(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    asked_at = moment.now_ms()
    store(warehouse, event(tenant.id), event(tenant.id))
    answer = await service.stats(tenant)
    assert answer.body["success"] is True
    assert answer.body["data"] == {"metric": "event_count", "value": 2, "period": "24h"}
    fresh_through = moment.parse(answer.body["meta"]["fresh_through"])
    assert fresh_through is not None
    assert asked_at <= fresh_through <= moment.now_ms()
    assert answer.body["meta"]["lag_seconds"] == 0


async def test_an_event_that_was_stored_twice_counts_once(service: Service, tenant: Tenant, warehouse: Client) -> None:
    one = event(tenant.id)
    warehouse.command("SYSTEM STOP MERGES events")
    try:
        for stored in (one, {**one, "_stream_seq": 1}, event(tenant.id)):
            store(warehouse, stored)
        raw = "SELECT count() FROM events WHERE project = {project:String}"
        assert warehouse.command(raw, parameters={"project": tenant.id}) == 3
        assert await count(service, tenant) == 2
    finally:
        warehouse.command("SYSTEM START MERGES events")


async def test_a_period_counts_from_its_first_moment_and_has_no_end(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    now = moment.now_ms()
    ages = (25 * HOUR, 23 * HOUR, 0, -HOUR)  # the last one is dated ahead
    store(warehouse, *(event(tenant.id, occurred_at=now - age) for age in ages))
    assert await count(service, tenant) == 3
    assert await count(service, tenant, {"period": "1h"}) == 2
    assert await count(service, tenant, {"period": "2d"}) == 4


async def test_from_is_inclusive_and_to_is_not(service: Service, tenant: Tenant, warehouse: Client) -> None:
    start = moment.now_ms() - HOUR
    store(warehouse, *(event(tenant.id, occurred_at=start + offset) for offset in (-1, 0, 1, 999, 1000)))
    assert await count(service, tenant, {"from": start, "to": start + 1000}) == 3
    assert await count(service, tenant, {"from": start + 1000, "to": start + 1001}) == 1
    assert await count(service, tenant, {"from": start - 1}) == 5


async def test_months_and_years_are_counted_together(service: Service, tenant: Tenant, warehouse: Client) -> None:
    times = ("1970-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z", "2299-12-31T23:59:59Z")
    store(warehouse, *(event(tenant.id, occurred_at=moment.parse(time)) for time in times))
    assert await count(service, tenant, {"from": "2025-12-31T23:59:59.999Z", "to": "2026-01-01T00:00:00.001Z"}) == 2
    assert await count(service, tenant, {"from": "1970-01-01", "to": "2299-12-31T23:59:59.001Z"}) == 4


@pytest.mark.parametrize(
    "name", ["signup", "sign up", "it's", "back\\slash", "100%", "{name:String}", "é🜂", 'say "hi"']
)
async def test_one_type_of_event_is_counted_alone(
    service: Service, tenant: Tenant, warehouse: Client, name: str
) -> None:
    store(warehouse, event(tenant.id, name=name), event(tenant.id, name="other"), event(tenant.id, name=f"{name} 2"))
    assert await count(service, tenant, {"event_type": name}) == 1
    assert await count(service, tenant) == 3
    assert [one["event_type"] for one in (await service.events(tenant, {"event_type": name})).events] == [name]


async def test_a_site_is_counted_with_the_events_that_name_none(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    store(warehouse, *(event(tenant.id, site_id=site) for site in (tenant.site, "", "another-site-of-mine")))
    assert await count(service, tenant, {"site_id": tenant.site}) == 2
    assert await count(service, tenant) == 3


async def test_events_of_others_are_neither_counted_nor_shown(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    store(warehouse, event(tenant.id, name="mine"), event(stranger.id, name="theirs", site_id=tenant.site))
    assert await count(service, tenant) == 1
    assert await count(service, tenant, {"site_id": tenant.site}) == 1
    assert [one["event_type"] for one in (await service.events(tenant)).events] == ["mine"]


async def test_an_event_is_shown_with_what_is_known_of_it(service: Service, tenant: Tenant, warehouse: Client) -> None:
    occurred_at = moment.parse("2026-11-20T10:30:03.042Z")
    received_at = moment.now_ms()
    store(
        warehouse,
        event(
            tenant.id,
            event_id="0190163d-8694-7f9f-8000-0123456789ab",
            occurred_at=occurred_at,
            received_at=received_at,
            user_id="u1",
            url="https://example.com/a?b=c",
            properties='{"plan": "pro", "seats": 3, "nested": {"deep": [1, "2", null]}, "big": 9007199254740993}',
            _stream_ms=received_at - 1,
        ),
    )
    (shown,) = (await service.events(tenant)).events
    assert shown["event_id"] == "evt_0190163d86947f9f80000123456789ab"
    assert (shown["event_type"], shown["user_id"], shown["dialect"]) == ("signup", "u1", "intake")
    assert moment.parse(shown["occurred_at"]) == occurred_at
    assert moment.parse(shown["received_at"]) == received_at
    assert shown["properties"] == {
        "plan": "pro",
        "seats": 3,
        "nested": {"deep": [1, "2", None]},
        "big": 9007199254740993,
    }


async def test_pages_miss_no_event_and_repeat_none(service: Service, tenant: Tenant, warehouse: Client) -> None:
    first = moment.now_ms() - HOUR
    places = [
        (first + ms, shard, seq, index) for ms in (0, 1) for shard in (0, 1) for seq in (0, 1) for index in (0, 9)
    ]
    columns = ("_stream_ms", "_shard", "_stream_seq", "_index")
    rows = [event(tenant.id, user_id=str(place), **dict(zip(columns, place, strict=True))) for place in places]
    store(warehouse, *reversed(rows))
    pages: list[list[str]] = []
    cursor = f"{first}.0.0.0"  # stands behind the first of them
    for _ in range(7):
        page = (await service.events(tenant, {"after": cursor, "limit": 3})).body["data"]
        pages.append([one["user_id"] for one in page["events"]])
        cursor = page["cursor"]
    assert [len(some) for some in pages] == [3, 3, 3, 3, 3, 0, 0]
    assert [one for some in pages for one in some] == [str(place) for place in places[1:]]


async def test_without_a_cursor_the_newest_come_and_what_follows_joins_on(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    now = moment.now_ms()
    store(warehouse, *(event(tenant.id, user_id=str(n), _stream_ms=now - 1000 + n) for n in range(5)))
    newest = await service.events(tenant, {"limit": 2})
    assert [one["user_id"] for one in newest.events] == ["3", "4"]
    cursor = newest.body["data"]["cursor"]
    assert (await service.events(tenant, {"after": cursor})).events == []
    store(warehouse, event(tenant.id, user_id="5", _stream_ms=now - 1000 + 5))
    assert [one["user_id"] for one in (await service.events(tenant, {"after": cursor})).events] == ["5"]


async def test_an_event_that_arrives_while_one_follows_is_shown_once(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    cursor = (await service.events(tenant)).body["data"]["cursor"]
    store(warehouse, event(tenant.id, user_id="new"))
    seen: list[str] = []
    async with asyncio.timeout(10):
        while not seen:
            data = (await service.events(tenant, {"after": cursor})).body["data"]
            cursor, seen = data["cursor"], [one["user_id"] for one in data["events"]]
    assert seen == ["new"]
    assert (await service.events(tenant, {"after": cursor})).events == []


@pytest.mark.parametrize("path", QUESTIONS)
async def test_without_clickhouse_one_is_asked_to_come_again(
    without_clickhouse: Service, tenant: Tenant, path: str
) -> None:
    answer = await without_clickhouse.ask(path, tenant.bearer(Kind.QUERY))
    message = "The answer cannot be had now. Ask again in a moment."
    assert (answer.status, answer.body) == (503, {"success": False, "error": message, "status": 503})
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", QUESTIONS)
async def test_without_redis_one_is_asked_to_come_again(without_redis: Service, path: str) -> None:
    answer = await without_redis.ask(path, "Bearer hr_query_any")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def test_ready_means_that_a_question_could_be_answered_now(service: Service) -> None:
    for path, status in (("/readyz", "ready"), ("/healthz", "alive")):
        answer = await service.ask(path)
        assert (answer.status, answer.body) == (200, {"status": status})


async def test_not_ready_names_the_part_that_is_away(without_clickhouse: Service, without_redis: Service) -> None:
    for service, part in ((without_clickhouse, "ClickHouse: "), (without_redis, "Redis: ")):
        answer = await service.ask("/readyz")
        assert (answer.status, answer.body["status"]) == (503, "not ready")
        assert answer.body["why"].startswith(part)
        assert answer.headers["Retry-After"] == "1"
        assert (await service.ask("/healthz")).status == 200


async def test_nothing_is_at_other_paths(service: Service) -> None:
    for path in ("/nowhere", "/api/v1/statsx", "/API/V1/STATS"):
        answer = await service.ask(path)
        assert (answer.status, answer.body["success"]) == (404, False)


async def test_a_known_path_says_which_method_it_takes(service: Service, tenant: Tenant) -> None:
    answer = await service.ask("/api/v1/stats", tenant.bearer(Kind.QUERY), method="POST")
    assert (answer.status, answer.headers.get("Allow")) == (405, "GET, HEAD, OPTIONS")
