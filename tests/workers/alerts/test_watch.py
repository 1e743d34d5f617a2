"""Checks of alerts, on real stores: what is due, once, side by side, and as of what is complete."""

import asyncio
from typing import Any, cast

import msgspec
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import moment
from ingest_api.alerts import outbox
from ingest_api.alerts.alert import STATES, Alert, Kept, State
from ingest_api.alerts.outbox import Message
from ingest_api.projects.projects import Projects
from ingest_api.projects.saved import ALERTS
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Install, Redis
from tests.ingest_api.alerts.test_alert import made
from tests.queries.stored import event
from workers.alerts import watch
from workers.claim import claimed
from workers.row import COLUMNS
from workers.settings import Settings

pytestmark = pytest.mark.stack

EVENTS = {"metrics": ["event_count"], "date_range": "15m"}


class Town:
    """A project with alerts and events."""

    def __init__(self, redis: Redis, settings: Settings, warehouse: AsyncClient) -> None:
        self.redis, self.settings, self.warehouse = redis, settings, warehouse

    async def put(self, count: int, minutes_ago: float = 1, **columns: Any) -> None:
        at = moment.now_ms() - round(minutes_ago * 60_000)
        rows = [event("shop", occurred_at=at, _stream_ms=at, **columns) for _ in range(count)]
        await self.warehouse.insert("events", [list(row.values()) for row in rows], column_names=list(COLUMNS))

    async def set(self, name: str, **fields: Any) -> Alert:
        alert = made(**{"question": EVENTS, "condition": "above", "value": 3, **fields})
        await Shelf(self.redis, ALERTS).put("shop", name, msgspec.json.encode(Kept(alert, "n")).decode())
        return alert

    async def check(self, now_ms: int | None = None, url: str = "") -> int:
        clickhouse_url = url or self.settings.clickhouse_url
        return await watch.check(self.redis, self.settings.redis_url, clickhouse_url, now_ms or moment.now_ms())

    async def state(self, name: str) -> State | None:
        raw = await cast("Any", self.redis).hget(STATES, f"shop\0{name}")
        return msgspec.json.decode(raw, type=State) if raw else None

    async def outcome(self, name: str) -> tuple[str, float | None]:
        state = await self.state(name)
        assert state is not None
        return state.outcome, state.value

    async def messages(self) -> list[Message]:
        return await outbox.due(self.redis, moment.now_ms())

    async def make_due(self, name: str) -> None:
        state = await self.state(name)
        assert state is not None
        state.due_at = 0
        await cast("Any", self.redis).hset(STATES, f"shop\0{name}", msgspec.json.encode(state))


@pytest.fixture
async def town(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> Town:
    """On an installation whose drain is up to date."""
    await Projects(redis).create("shop")
    return Town(redis, settings, warehouse)


async def test_an_alert_fires_when_its_condition_holds_and_its_receivers_are_told(town: Town) -> None:
    await town.put(4)
    await town.set("many", webhooks=["https://a.example/", "https://b.example/"], emails=["ops@shop.example"])
    await town.set("few", condition="below", value=3)
    assert await town.check() == 2
    assert (await town.outcome("many"), await town.outcome("few")) == (("firing", 4), ("ok", 4))
    found = await town.messages()
    assert {one.to for one in found} == {"https://a.example/", "https://b.example/", "ops@shop.example"}
    bodies = [msgspec.json.decode(one.body, type=dict[str, Any]) for one in found]
    assert [body.pop("id") for body in bodies] == [one.id for one in found]
    assert bodies[0] == bodies[1] == bodies[2]
    assert (bodies[0]["type"], bodies[0]["value"], bodies[0]["alert"]) == ("alert.firing", 4, "many")
    assert await town.check() == 0, "it is due again in five minutes"


async def test_several_workers_check_each_alert_once(town: Town) -> None:
    await town.put(4)
    for number in range(12):
        await town.set(f"a{number}")
    now = moment.now_ms()
    assert sum(await asyncio.gather(*(town.check(now) for _ in range(4)))) == 12
    found = [one.alert for one in await town.messages()]
    assert sorted(found) == sorted(f"a{number}" for number in range(12))


async def test_who_lost_the_claim_leaves_nothing_behind(town: Town) -> None:
    await town.put(4)
    await town.set("many")
    async with claimed(town.redis, f"{watch._CLAIM}shop\0many", 60) as other:
        assert other is not None
        assert await town.check() == 0
    assert (await town.state("many"), await town.messages()) == (None, [])
    assert await town.check() == 1


async def test_one_that_cannot_be_answered_holds_no_other(town: Town) -> None:
    await town.put(4)
    await town.set("wrong", question={"metrics": ["event_count"], "date_range": "15m", "filters": ["is", "x", "y"]})
    await town.set("split", question={"metrics": ["event_count"], "dimensions": ["country"]})
    await town.set("many")
    assert await town.check() == 3
    assert [(await town.outcome(one))[0] for one in ("wrong", "split", "many")] == ["failed", "failed", "firing"]
    state = await town.state("split")
    assert state is not None
    assert "one metric and no dimensions" in state.problem


async def test_while_clickhouse_is_away_nothing_fires(town: Town) -> None:
    await town.set("few", condition="below", value=3)
    assert await town.check(url="http://u:p@127.0.0.1:1/?database=x") == 1
    assert (await town.outcome("few"), await town.messages()) == (("failed", None), [])


async def test_what_is_not_complete_yet_is_not_asked_about(town: Town) -> None:
    """A drain that is behind must not look like a shop without customers."""
    await town.put(4, minutes_ago=70)
    seconds = await cast("Any", town.redis).time()
    hour_ago = seconds[0] * 1000 - 3_600_000
    await cast("Any", town.redis).xadd("{s00}:frames", {b"f": b"x"}, id=f"{hour_ago}-0")
    await town.set("few", condition="below", value=3)
    await town.check()
    assert await town.outcome("few") == ("ok", 4)


async def test_a_change_is_against_the_span_before(town: Town) -> None:
    await town.put(2, minutes_ago=20)
    await town.put(9, minutes_ago=5)
    await town.set("jump", condition="changed_by_percent", value=300)
    await town.check()
    state = await town.state("jump")
    assert state is not None
    assert (state.outcome, state.value, state.before) == ("firing", 9, 2)


async def test_a_mean_of_nothing_is_no_data(town: Town) -> None:
    await town.set("slow", question={"metrics": ["avg(properties.ms)"], "date_range": "15m"})
    await town.check()
    assert await town.outcome("slow") == ("no_data", None)


async def test_a_changed_alert_begins_anew_a_paused_one_rests_and_a_removed_one_is_forgotten(town: Town) -> None:
    await town.put(4)
    await town.set("many")
    await town.check()
    await town.set("many", value=100)
    assert await town.check() == 1, "due at once"
    state = await town.state("many")
    assert state is not None
    assert (state.outcome, len(state.history), bool(state.history[0].ended_at)) == ("ok", 1, True)
    assert len(await town.messages()) == 1, "the end of what was before is not told"
    await town.set("many", paused=True)
    assert await town.check() == 0
    await Shelf(town.redis, ALERTS).remove("shop", "many")
    assert await town.check() == 0
    assert await town.state("many") is None


async def test_the_end_is_told(town: Town) -> None:
    await town.put(4)
    await town.set("many")
    await town.check()
    await town.warehouse.command("TRUNCATE TABLE events")
    await town.make_due("many")
    await town.check()
    assert sorted(one.type for one in await town.messages()) == ["alert.firing", "alert.resolved"]


async def test_when_too_many_messages_wait_nobody_is_told_and_the_alert_says_so(town: Town) -> None:
    await town.put(4)
    await town.set("many")
    waiting = {str(number): 10**15 for number in range(outbox.MOST_WAITING)}
    await cast("Any", town.redis).zadd(outbox.DUE, waiting)
    await town.check()
    state = await town.state("many")
    assert state is not None
    assert (state.outcome, state.problem) == ("firing", "Nobody was told: too many messages wait.")
    assert await town.messages() == []
