"""`headrace alerts` on a real query service, with a courier as workers have it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from ingest_api import moment
from ingest_api.stream import Redis
from tests.clients.cli.asking import Shop, asking
from tests.clients.cli.conftest import Headrace
from tests.workers.receiver import receiving
from workers.alerts import watch
from workers.alerts.deliver import Courier
from workers.alerts.mail import Mail
from workers.alerts.reach import Reach

pytestmark = pytest.mark.stack

ORDER = {
    "question": {"metrics": ["event_count"], "date_range": "15m"},
    "condition": "above",
    "value": 2,
    "webhooks": ["https://hooks.shop.example/x"],
}


@pytest.fixture
async def shop(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Shop]:
    """A project of its own."""
    async with asking(redis, redis_url, clickhouse_url, headrace) as one:
        yield one


@asynccontextmanager
async def delivering(shop: Shop) -> AsyncIterator[None]:
    """A worker that sends what waits."""
    courier = Courier(shop.redis, Reach.parse("127.0.0.0/8"), Mail(""))

    async def run() -> None:
        while True:
            await courier.deliver(moment.now_ms())
            await asyncio.sleep(0.05)

    task = asyncio.ensure_future(run())
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_alert_is_set_listed_shown_and_removed(shop: Shop, redis_url: str, clickhouse_url: str) -> None:
    shop.headrace.write("a.json", orjson.dumps(ORDER))
    assert (await shop.headrace("alerts", "list", shop.id)).out == "The project has no alerts.\n"
    made = await shop.headrace("alerts", "set", shop.id, "many", "a.json")
    assert made.code == 0, made.err
    assert f"Alert many of {shop.id} is set, version 1." in made.out
    assert "not shown again: hrs_" in made.out
    again = await shop.headrace("alerts", "set", shop.id, "many", "a.json")
    assert "hrs_" not in again.out
    assert (await shop.headrace("alerts", "list", shop.id)).code == 0
    shop.put(3, 0, occurred_at=moment.now_ms() - 60_000)
    assert await watch.check(shop.redis, redis_url, clickhouse_url, moment.now_ms()) == 1
    listed = await shop.headrace("alerts", "list", shop.id)
    assert (listed.code, listed.out.splitlines()[1].split()[:3]) == (1, ["many", "firing", "3"])
    shown = await shop.headrace("alerts", "show", shop.id, "many")
    assert '"condition": "above"' in shown.out
    assert "still" in shown.out
    removed = await shop.headrace("alerts", "remove", shop.id, "many")
    assert removed.out == f"Alert many of {shop.id} is removed.\n"
    assert (await shop.headrace("alerts", "show", shop.id, "many")).code == 1


async def test_a_test_says_how_it_went(shop: Shop) -> None:
    async with receiving() as receiver, receiving(404) as deaf, delivering(shop):
        for name, hooks in (("good", [receiver.url]), ("bad", [receiver.url, deaf.url])):
            shop.headrace.write("a.json", orjson.dumps({**ORDER, "webhooks": hooks}))
            await shop.headrace("alerts", "set", shop.id, name, "a.json")
        good = await shop.headrace("alerts", "test", shop.id, "good")
        assert (good.code, "arrived" in good.out) == (0, True), good.err
        bad = await shop.headrace("alerts", "test", shop.id, "bad", "--json")
        assert bad.code == 1
        assert sorted(one["problem"] for one in bad.document["deliveries"]) == ["", "the answer was 404"]
    assert [body["type"] for body in receiver.bodies] == ["alert.test", "alert.test"]


async def test_what_is_wrong_is_told(shop: Shop) -> None:
    shop.headrace.write("a.json", orjson.dumps({**ORDER, "webhooks": []}))
    ended = await shop.headrace("alerts", "set", shop.id, "many", "a.json")
    assert (ended.code, "webhooks" in ended.err) == (2, True)
