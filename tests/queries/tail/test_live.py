"""Events live: each once and in order, whoever reads how; what is filtered; who is let go and why."""

import asyncio
import contextlib

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.stream import Redis, Shard
from tests.queries.conftest import Service, Tenant
from tests.queries.following import Place, arrive, arrived, counted, live, looked_around, served
from tests.queries.stored import event
from tests.waiting import until

pytestmark = pytest.mark.stack

LIVE = "/api/v1/live"


async def test_an_event_comes_as_a_page_of_events_shows_it(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with live(service, tenant) as follower:
        await arrive(warehouse, redis, event(tenant.id, user_id="ada", properties='{"plan":"pro","note":"a\\nb"}'))
        (shown,) = await follower.events(1)
    page = (await service.events(tenant)).body["data"]
    assert [shown.data] == page["events"]
    assert shown.id == page["cursor"]
    assert follower.headers["Content-Type"] == "text/event-stream"
    assert follower.headers["Cache-Control"] == "no-store, no-transform"
    assert follower.headers["X-Accel-Buffering"] == "no"
    assert "Access-Control-Allow-Origin" not in follower.headers


async def test_what_was_there_before_does_not_come(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    await arrived(warehouse, redis, event(tenant.id, user_id="before", _stream_ms=moment.now_ms() - 1000))
    async with live(service, tenant) as follower:
        await arrive(warehouse, redis, event(tenant.id, user_id="after"))
        assert [one.user for one in await follower.events(1)] == ["after"]


async def test_from_a_cursor_on_nothing_is_left_out(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    first = moment.now_ms() - 60_000
    cursor = f"{first}.0.0.0"
    rows = [event(tenant.id, user_id=str(n), _stream_ms=first + n // 3, _index=1 + n) for n in range(1200)]
    await arrived(warehouse, redis, *rows)
    async with live(service, tenant, after=cursor) as follower:
        assert [one.user for one in await follower.events(1200)] == [str(n) for n in range(1200)]
        await arrive(warehouse, redis, event(tenant.id, user_id="new"))
        assert [one.user for one in await follower.events(1)] == ["new"]


async def test_whoever_comes_back_misses_nothing_and_gets_nothing_twice(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    sent: list[str] = []

    async def produce() -> None:
        for number in range(40):
            rows = [event(tenant.id, user_id=f"{number}.{n}", _shard=number % 2) for n in range(5)]
            await arrive(warehouse, redis, *rows)
            sent.extend(row["user_id"] for row in rows)
            await asyncio.sleep(0.01)

    seen: list[str] = []
    last_id = f"{moment.now_ms() - 1}.0.0.0"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(produce())
        while len(seen) < 200:
            async with live(service, tenant, last_id) as follower:
                seen += [one.user for one in await follower.events(min(7, 200 - len(seen)))]
                last_id = follower.last_id
    assert sorted(seen) == sorted(sent)
    rows = warehouse.query(
        "SELECT user_id FROM events WHERE project = {p:String} ORDER BY _stream_ms, _shard, _stream_seq, _index",
        parameters={"p": tenant.id},
    ).result_rows
    assert seen == [user for (user,) in rows]


async def test_the_last_id_wins_over_the_address_that_was_given_first(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    now = moment.now_ms() - 1000
    await arrived(warehouse, redis, *(event(tenant.id, user_id=str(n), _stream_ms=now + n, _index=0) for n in range(3)))
    async with live(service, tenant, f"{now + 1}.0.0.0", after=f"{now}.0.0.0") as follower:
        assert [one.user for one in await follower.events(1)] == ["2"]


async def test_a_shard_that_is_late_holds_the_others_back_until_it_has_caught_up(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with live(service, tenant) as follower:
        late = event(tenant.id, user_id="late", _shard=1)
        await redis.xadd(Shard(1).frames, {"n": 1}, id=f"{late['_stream_ms']}-0")  # waits for a worker
        early = event(tenant.id, user_id="stored first", _stream_ms=late["_stream_ms"] + 1)
        await arrived(warehouse, redis, early)
        polls = counted("query_live_polls_total")
        await looked_around(redis)
        assert counted("query_live_polls_total") - polls <= 1, "nothing fresh, and asked all the same"
        await arrived(warehouse, redis, late)
        assert [one.user for one in await follower.events(2)] == ["late", "stored first"]


async def test_filters_let_through_what_they_say(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    wishes = {
        "all": {},
        "name": {"event_type": "buy"},
        "country": {"filter": '["is","country",["DE","AT"]]'},
        "both": {"event_type": "buy", "filter": '["not",["gte","properties.price",10]]'},
        "list": {"filter": '[["is","event","buy"],["is_set","properties.price"]]'},
    }
    rows = [
        event(tenant.id, user_id="0", name="buy", country="DE", properties='{"price":12.5}'),
        event(tenant.id, user_id="1", name="buy", country="FR", properties='{"price":3}'),
        event(tenant.id, user_id="2", name="look", country="AT"),
        event(tenant.id, user_id="3", name="buy"),
        event(tenant.id, user_id="4", name="end", country="DE"),
    ]
    wanted = {"all": "01234", "name": "013", "country": "024", "both": "13", "list": "01"}
    async with contextlib.AsyncExitStack() as stack:
        followers = {
            name: await stack.enter_async_context(live(service, tenant, **wish)) for name, wish in wishes.items()
        }
        await arrive(warehouse, redis, *rows)
        for name, follower in followers.items():
            found = await follower.events(len(wanted[name]))
            assert "".join(one.user for one in found) == wanted[name], name
        last = event(tenant.id, user_id="5", name="buy", country="DE", properties='{"price":1}')
        await arrive(warehouse, redis, last)
        for follower in followers.values():
            assert [one.user for one in await follower.events(1)] == ["5"]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"after": "x"}, "after: must be four numbers with dots between"),
        ({"filter": "["}, "filter: is not JSON: "),
        ({"filter": '["is","nothing",["x"]]'}, "filter[1]: 'nothing' is no dimension."),
        ({"filter": '["has_done",["is","event",["buy"]]]'}, "filters: has_done and has_not_done cannot be asked here."),
        ({"filter": '["is","entry_page",["/"]]'}, "filters: entry_page belongs to sessions"),
        ({"limit": "3"}, "'limit' is not a parameter here."),
    ],
)
async def test_a_wrong_wish_is_refused_with_its_reason(
    service: Service, tenant: Tenant, params: dict[str, str], error: str
) -> None:
    answer = await service.ask(LIVE, tenant.bearer(Kind.QUERY), params)
    assert answer.status == 400
    assert answer.body["error"].startswith(error)


async def test_a_wrong_last_id_is_refused(service: Service, tenant: Tenant) -> None:
    answer = await service.ask(LIVE, tenant.bearer(Kind.QUERY), headers={"Last-Event-ID": "7"})
    assert (answer.status, answer.body["error"].split(":")[0]) == (400, "Last-Event-ID")


async def test_only_ones_own_events_come(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with live(service, tenant) as mine, live(service, stranger, filter='["is","country",["DE"]]') as theirs:
        for whose in ("mine", "theirs"):
            await arrive(warehouse, redis, event(tenant.id, user_id=f"a {whose}", country="DE"))
            await arrive(warehouse, redis, event(stranger.id, user_id=f"b {whose}", country="DE"))
        assert [one.user for one in await mine.events(2)] == ["a mine", "a theirs"]
        assert [one.user for one in await theirs.events(2)] == ["b mine", "b theirs"]


async def test_many_readers_see_each_event_once_and_are_asked_for_together(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        followers = [await stack.enter_async_context(live(service, tenant)) for _ in range(50)]
        polls = counted("query_live_polls_total")
        for number in range(10):
            await arrive(warehouse, redis, *(event(tenant.id, user_id=f"{number}.{n}") for n in range(3)))
        wanted = [f"{number}.{n}" for number in range(10) for n in range(3)]
        for follower in followers:
            assert [one.user for one in await follower.events(30)] == wanted
        asked = counted("query_live_polls_total") - polls
        assert 1 <= asked < 50
        assert counted("query_live_readers") >= 50


async def test_a_feed_ends_with_its_last_reader(
    service: Service, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    before = counted("query_live_readers")
    async with live(service, tenant):
        assert counted("query_live_readers") == before + 1

    async def gone() -> bool:
        return counted("query_live_readers") == before

    await until(gone)


async def test_too_many_are_asked_to_come_later(place: Place, tenant: Tenant, stranger: Tenant) -> None:
    async with served(place, live_project_readers=1, live_readers=2) as service:
        async with live(service, tenant):
            full = await service.ask(LIVE, tenant.bearer(Kind.QUERY))
            assert (full.status, full.headers["Retry-After"]) == (429, "1")
            async with live(service, stranger):
                assert (await service.ask(LIVE, stranger.bearer(Kind.QUERY))).status == 429

        async def free() -> bool:
            with contextlib.suppress(AssertionError):
                async with live(service, tenant):
                    return True
            return False

        await until(free)


async def test_head_tells_what_would_come_and_ends(service: Service, tenant: Tenant) -> None:
    answer = await service.ask(LIVE, tenant.bearer(Kind.QUERY), method="HEAD")
    assert (answer.status, answer.raw, answer.headers["Content-Type"]) == (200, b"", "text/event-stream")
    assert (await service.stats(tenant)).status == 200
